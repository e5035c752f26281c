import { Agent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import type { HttpRequest, HttpResponse, Ms, Transport } from '../ports.ts';
import { openClientSocket } from './client-socket.ts';

export interface WsTransportOptions {
  /** Where the system is reached, for example `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** Connections for HTTP requests. Default: one pool for all transports of this thread. */
  readonly agent?: Agent;
  /** A request without an answer is given up after this. Default 30,000. */
  readonly requestMs?: Ms;
}

/** The way of a client on Node: HTTP over kept connections, and WebSockets. */
export function createWsTransport(options: WsTransportOptions): Transport {
  const origin = new URL(options.origin);
  const target = { hostname: bare(origin.hostname), port: origin.port };
  const agent = options.agent ?? sharedAgent;
  const timeout = options.requestMs ?? 30_000;
  return {
    request: (request) => exchange({ ...target, agent, timeout }, request),
    open: (path, handlers) => openClientSocket(origin, path, handlers),
  };
}

// ---

/** Idle connections are dropped before a server would do it, so that a request does not meet a closing one. */
const sharedAgent = new Agent({ keepAlive: true, maxSockets: 128, timeout: 60_000 });

/** URL writes an IPv6 address in brackets, sockets want it without. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function exchange(target: RequestOptions, request: HttpRequest): Promise<HttpResponse> {
  const path = request.query === undefined ? request.path : `${request.path}?${new URLSearchParams(request.query)}`;
  const headers = {
    'content-length': Buffer.byteLength(request.body),
    ...bodyType(request),
    ...authorization(request),
  };
  return new Promise((resolve, reject) => {
    const exchange = httpRequest({ ...target, path, method: request.method, headers });
    exchange.on('response', (response) => void readAnswer(response).then(resolve, reject));
    exchange.on('timeout', () => exchange.destroy(new Error(`no answer within ${target.timeout} ms`)));
    exchange.on('error', reject);
    exchange.end(request.body);
  });
}

function bodyType({ body }: HttpRequest): Readonly<Record<string, string>> {
  return body === '' ? {} : { 'content-type': 'application/json' };
}

function authorization({ token }: HttpRequest): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

async function readAnswer(response: IncomingMessage): Promise<HttpResponse> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
    body: Buffer.concat(chunks).toString('utf8'),
  };
}
