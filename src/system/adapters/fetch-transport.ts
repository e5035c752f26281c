import type { ByteStream, ExchangeOptions, HttpRequest, HttpResponse, Ms, Transport } from '../ports.ts';
import { openBrowserSocket } from './browser-socket.ts';

export interface FetchTransportOptions {
  /** Where the system is reached, for example `https://chat.example`. */
  readonly origin: string;
  /** A request is given up when its answer has not begun after this long, an upload's not counted. Default 30,000. */
  readonly requestMs?: Ms;
}

/**
 * The way of a client in a browser: `fetch` and `WebSocket`. Browsers send streams over HTTP/2 only, so the bytes of an upload
 * are gathered in a `Blob`, which they may keep on the disk; those of an answer come as a stream.
 */
export function createFetchTransport({ origin, requestMs = 30_000 }: FetchTransportOptions): Transport {
  return {
    request: (request, options) => exchange(new URL(origin), request, { requestMs, ...options }),
    open: (path, handlers) => openBrowserSocket(new URL(origin), path, handlers),
  };
}

// ---

type Exchange = ExchangeOptions & { readonly requestMs: Ms };

async function exchange(
  origin: URL,
  request: HttpRequest,
  { signal, streamed = false, requestMs }: Exchange,
): Promise<HttpResponse> {
  signal?.throwIfAborted();
  const url = new URL(request.path, origin);
  if (request.query !== undefined) url.search = `${new URLSearchParams(request.query)}`;
  const body = request.bytes === undefined ? request.body : await gathered(request.bytes, signal);
  const begun = new AbortController();
  const timer =
    request.bytes === undefined
      ? setTimeout(() => begun.abort(new Error(`no answer within ${requestMs} ms`)), requestMs)
      : undefined;
  try {
    const answer = await fetch(url, {
      method: request.method,
      headers: headersOf(request),
      ...(body === '' ? {} : { body }),
      signal: signal === undefined ? begun.signal : AbortSignal.any([signal, begun.signal]),
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
    });
    const head = { status: answer.status, headers: Object.fromEntries(answer.headers) };
    if (!streamed || !answer.ok || answer.body === null) return { ...head, body: await answer.text() };
    return {
      ...head,
      body: '',
      bytes: { pieces: piecesOf(answer.body.getReader()), length: lengthOf(answer.headers) },
    };
  } finally {
    clearTimeout(timer);
  }
}

function headersOf({ token, body, bytes }: HttpRequest): Record<string, string> {
  return {
    ...(bytes !== undefined && { 'content-type': 'application/octet-stream' }),
    ...(bytes === undefined && body !== '' && { 'content-type': 'application/json' }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
}

async function gathered({ pieces }: ByteStream, signal: AbortSignal | undefined): Promise<Blob> {
  const parts: Blob[] = [];
  for await (const piece of pieces) {
    signal?.throwIfAborted();
    parts.push(new Blob([piece as Uint8Array<ArrayBuffer>]));
  }
  return new Blob(parts);
}

function lengthOf(headers: Headers): number | null {
  const length = headers.get('content-length');
  return length === null ? null : Number(length);
}

/** Not every browser can iterate over a stream by itself. */
async function* piecesOf(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
