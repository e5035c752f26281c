import type { ByteStream, ExchangeOptions, HttpRequest, HttpResponse, Ms } from '../ports.ts';

/** One request and its answer. Rejects when there is no answer, when the bytes to send fail, and when it is cut. */
export async function browserExchange(
  { origin, requestMs }: { readonly origin: string; readonly requestMs: Ms },
  request: HttpRequest,
  { signal, streamed = false }: ExchangeOptions = {},
): Promise<HttpResponse> {
  signal?.throwIfAborted();
  const body = request.bytes === undefined ? request.body : await gathered(request.bytes, signal);
  const patience = createPatience(signal);
  try {
    const sendingMs = typeof body === 'string' ? 0 : body.size / slowestBytesPerMs;
    const response = await patience.within(requestMs + sendingMs, (cut) =>
      fetch(urlOf(origin, request), {
        method: request.method,
        headers: headersOf(request),
        ...(body === '' ? {} : { body }),
        signal: cut,
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
      }),
    );
    const head = { status: response.status, headers: Object.fromEntries(response.headers) };
    if (streamed && response.ok) return { ...head, body: '', bytes: bytesOf(response, patience, requestMs) };
    const text = await patience.within(requestMs, () => response.text());
    patience.end();
    return { ...head, body: text };
  } catch (error) {
    patience.end();
    throw error;
  }
}

// ---

/** Who sends more slowly than this is cut off, as the servers do it: 25 MiB in ten minutes. */
const slowestBytesPerMs = 43;

function urlOf(origin: string, { path, query }: HttpRequest): URL {
  const url = new URL(path, origin);
  url.search = query === undefined ? '' : String(new URLSearchParams(query));
  return url;
}

function headersOf({ body, bytes, token }: HttpRequest): Readonly<Record<string, string>> {
  const type = bytes !== undefined ? 'application/octet-stream' : body !== '' ? 'application/json' : null;
  return {
    ...(type === null ? {} : { 'content-type': type }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
}

/** Browsers send streams over HTTP/2 alone, if at all; a `Blob` they may keep outside of memory. */
async function gathered({ pieces }: ByteStream, signal: AbortSignal | undefined): Promise<Blob> {
  const parts: Blob[] = [];
  const cut = Promise.withResolvers<never>();
  cut.promise.catch(() => {});
  const stop = (): void => cut.reject(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  const iterator = pieces[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), cut.promise]);
      if (next.done) return new Blob(parts);
      parts.push(new Blob([next.value as Uint8Array<ArrayBuffer>]));
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    // One that hangs is not waited for.
    void iterator.return?.().then(undefined, () => {});
  }
}

/** Cuts an exchange that takes too long or that its owner does not want any more. */
interface Patience {
  within<T>(ms: Ms, work: (cut: AbortSignal) => Promise<T>): Promise<T>;
  /** Nothing is cut any more. */
  end(): void;
  cut(reason: unknown): void;
}

function createPatience(signal: AbortSignal | undefined): Patience {
  const controller = new AbortController();
  const cut = (): void => controller.abort(signal?.reason);
  signal?.addEventListener('abort', cut, { once: true });
  return {
    async within(ms, work) {
      const tooLong = () => controller.abort(new Error(`no answer within ${Math.round(ms)} ms`));
      const timer = setTimeout(tooLong, ms);
      try {
        return await work(controller.signal);
      } finally {
        clearTimeout(timer);
      }
    },
    end: () => signal?.removeEventListener('abort', cut),
    cut: (reason) => controller.abort(reason),
  };
}

function bytesOf(response: Response, patience: Patience, requestMs: Ms): ByteStream {
  const told = response.headers.get('content-length');
  return { length: told === null ? null : Number(told), pieces: piecesOf(response, patience, requestMs) };
}

/** Letting go of it, also before it was begun, ends the exchange. */
function piecesOf({ body }: Response, patience: Patience, requestMs: Ms): AsyncIterable<Uint8Array> {
  const reader = body?.getReader();
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    const read = await patience.within(requestMs, async () => reader?.read());
    if (read !== undefined && !read.done) return { done: false, value: read.value };
    patience.end();
    return { done: true, value: undefined };
  };
  const letGo = async (): Promise<IteratorResult<Uint8Array>> => {
    await reader?.cancel().catch(() => {});
    patience.end();
    return { done: true, value: undefined };
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: letGo }) };
}
