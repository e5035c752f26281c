import type { Socket } from 'node:net';
import type { Clock, Ms } from '../ports.ts';
import { type ErrorCode, errors } from '../protocol/errors.ts';
import { type Head, parseHead, type RequestHead } from './balancer-head.ts';
import { closeBehindWrites } from './balancer-splice.ts';
import type { Wire } from './wire.ts';

/** What comes of a new connection: a request, a refusal, or nothing, for it closed before it said anything. */
export type Arrival =
  | { readonly kind: 'request'; readonly head: RequestHead }
  | { readonly kind: 'refused'; readonly answer: Answer }
  | { readonly kind: 'gone' };

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Empty for an answer to `HEAD`, whose length is then among the headers. */
  readonly body: string | Uint8Array;
}

export interface HeadLimits {
  readonly headBytesMax: number;
  readonly headMs: Ms;
}

/** Reads the first request head, and stops reading with it. `first`: what was read before. Never rejects. */
export function readHead(
  wire: Wire,
  clock: Clock,
  { headBytesMax, headMs }: HeadLimits,
  first: Buffer | null = null,
): Promise<Arrival> {
  return new Promise((resolve) => {
    let text = '';
    const settle = (arrival: Arrival): false => {
      cancel();
      wire.socket.off('close', gone).off('end', gone);
      wire.read = () => false;
      resolve(arrival);
      return false;
    };
    const gone = () => settle({ kind: 'gone' });
    const cancel = clock.after(headMs, () => {
      if (text === '') gone();
      else settle({ kind: 'refused', answer: tooSlow(headMs) });
    });
    wire.socket.on('close', gone).on('end', gone);
    wire.read = (chunk) => {
      text += chunk.toString('latin1');
      const head = parseHead(text, headBytesMax);
      return head.kind === 'incomplete' || settle(arrivalOf(head));
    };
    if (first !== null && !wire.read(first)) wire.socket.pause();
  });
}

/** Answers instead of a server; resolves when the connection has closed. */
export async function answer(wire: Wire, clock: Clock, { status, headers, body }: Answer, lingerMs: Ms): Promise<void> {
  const lines = {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
    connection: 'close',
  };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  wire.socket.write(`HTTP/1.1 ${status} ${status < 400 ? 'OK' : 'Refused'}\r\n${head.join('')}\r\n`);
  wire.socket.write(body);
  // What still comes is thrown away: closing over unread bytes would reset the connection and with it the answer.
  wire.read = () => true;
  wire.socket.resume();
  closeBehindWrites(wire.socket, clock, lingerMs);
  if (!wire.socket.closed) await new Promise((closed) => wire.socket.once('close', closed));
}

/** An error of the protocol as an answer. */
export function refusal(code: ErrorCode, detail: string, { retryAfterMs }: { retryAfterMs?: Ms } = {}): Answer {
  const { status, definite } = errors[code];
  const body = JSON.stringify({ code, definite, detail, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
  if (retryAfterMs === undefined) return { status, body };
  return { status, body, headers: { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) } };
}

/** To who asked in the clear for what is there over TLS only. */
export function byHttps({ method, path, header }: RequestHead): Answer {
  const host = header('host');
  const isPage = (method === 'GET' || method === 'HEAD') && header('upgrade') === null;
  if (!isPage || host === null || !plainHost.test(host)) return refusal('malformed', 'This is reached by https only.');
  return { status: 308, headers: { location: `https://${host}${path}` }, body: '' };
}

/** Whether it is an address of this machine that no other can have. */
export function isThisMachine(remote: string | undefined): boolean {
  return remote === '::1' || remote?.startsWith('127.') === true;
}

/** The client's address; an IPv4 one that came over an IPv6 socket as IPv4. Undefined once it has gone. */
export function remoteOf(socket: Socket): string | undefined {
  return socket.remoteAddress?.replace(/^::ffff:/, '');
}

// ---

/** A name or address, with a port; nothing that could end a line of the answer or lead into a path. */
const plainHost = /^[\w.-]+(:\d+)?$|^\[[\da-f:.]+\](:\d+)?$/i;

function arrivalOf(head: Exclude<Head, { kind: 'incomplete' }>): Arrival {
  if (head.kind === 'request') return { kind: 'request', head };
  return { kind: 'refused', answer: refusal(head.kind, head.detail) };
}

function tooSlow(headMs: Ms): Answer {
  return { ...refusal('malformed', `The request head did not arrive within ${headMs} ms.`), status: 408 };
}
