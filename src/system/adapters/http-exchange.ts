import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ByteStream, ExchangeOptions, HttpRequest, HttpResponse } from '../ports.ts';
import { drained } from './http-bytes.ts';

/** One request and its answer, over TLS where `target.protocol` is `https:`. Rejects when there is no answer, when the bytes to send fail, and when it is cut. */
export function exchange(
  target: RequestOptions,
  request: HttpRequest,
  { signal, streamed = false }: ExchangeOptions = {},
): Promise<HttpResponse> {
  const path = request.query === undefined ? request.path : `${request.path}?${new URLSearchParams(request.query)}`;
  // A kept connection may be closing behind one's back: a request without a stream is sent again, a stream cannot be.
  const own = request.bytes !== undefined || streamed ? { agent: false as const } : {};
  const headers = { ...bodyHeaders(request), ...authorization(request) };
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const begin = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const asked = begin({ ...target, ...own, path, method: request.method, headers });
    const cut = (): void => void asked.destroy(signal?.reason);
    signal?.addEventListener('abort', cut, { once: true });
    asked.on('close', () => signal?.removeEventListener('abort', cut));
    asked.on('response', (response) => {
      const good = response.statusCode! >= 200 && response.statusCode! < 300;
      if (streamed && good) resolve({ ...headOf(response), body: '', bytes: bytesOf(response) });
      else void textOf(response).then((body) => resolve({ ...headOf(response), body }), reject);
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${target.timeout} ms`)));
    asked.on('error', reject);
    if (request.bytes === undefined) asked.end(request.body);
    else void sendAll(asked, request.bytes);
  });
}

// ---

function bodyHeaders({ body, bytes }: HttpRequest): Readonly<Record<string, string | number>> {
  if (bytes === undefined) {
    const length = { 'content-length': Buffer.byteLength(body) };
    return body === '' ? length : { ...length, 'content-type': 'application/json' };
  }
  const length = bytes.length === null ? { 'transfer-encoding': 'chunked' } : { 'content-length': bytes.length };
  return { ...length, 'content-type': 'application/octet-stream' };
}

function authorization({ token }: HttpRequest): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** Sends no faster than it is taken, and no more once there is an answer. */
async function sendAll(asked: ClientRequest, { pieces }: ByteStream): Promise<void> {
  let answered = false;
  asked.once('response', () => {
    answered = true;
  });
  try {
    for await (const piece of pieces) {
      if (answered || asked.destroyed) return;
      if (!asked.write(piece)) await drained(asked, 'response');
    }
    asked.end();
  } catch (error) {
    asked.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

function headOf(response: IncomingMessage): Pick<HttpResponse, 'status' | 'headers'> {
  return {
    status: response.statusCode ?? 0,
    headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
  };
}

function bytesOf(response: IncomingMessage): ByteStream {
  const length = Number(response.headers['content-length'] ?? Number.NaN);
  return { pieces: response, length: Number.isNaN(length) ? null : length };
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
