import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket as NetSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { HttpRequest, Log, Ms } from '../ports.ts';
import { type ErrorCode, errors } from '../protocol/errors.ts';
import { socketPath } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import type { ChatServer } from '../server/contract.ts';
import { readBody } from './http-body.ts';
import { type ListenOptions, listen } from './listen.ts';
import { createExposition, type Exposition } from './prometheus.ts';
import { createRemotes, type Remotes } from './remote-address.ts';
import { attachSocket } from './server-socket.ts';
import { adoptWire } from './wire.ts';

export interface NodeServerOptions extends ListenOptions {
  readonly log: Log;
  /** Peers whose `x-forwarded-for` is believed, on the first request of a connection. Default: this machine. */
  readonly trustedBalancers?: readonly string[];
  /** A request whose head and body have not arrived in this time is answered 408 and cut off. Default 10,000. */
  readonly requestMs?: Ms;
  /** How long a connection without a request is kept. Default 75,000: longer than anyone in front of it keeps theirs. */
  readonly keepAliveMs?: Ms;
  /** Longest wait for the peer's half of a closing handshake. Default 5000. */
  readonly closingMs?: Ms;
}

/** A chat server that listens. */
export interface NodeServer {
  readonly port: number;
  /** Takes no more connections and cuts those that are left; the chat server should have drained before. */
  close(): Promise<void>;
}

/** Connects a chat server to real sockets: HTTP, `/metrics`, and WebSockets on `socketPath`. Rejects with a `Problem`. */
export async function startNodeServer(chat: ChatServer, options: NodeServerOptions): Promise<NodeServer> {
  const requestMs = options.requestMs ?? 10_000;
  const http = createServer({
    requestTimeout: requestMs,
    headersTimeout: requestMs,
    connectionsCheckingInterval: Math.ceil(requestMs / 4),
    keepAliveTimeout: options.keepAliveMs ?? keepAliveMsDefault,
  });
  const sockets = new WebSocketServer(socketOptions(options.closingMs ?? 5000));
  const remotes = createRemotes(options.trustedBalancers);
  const binding: Binding = { chat, remotes, sockets, log: options.log, metrics: createExposition(() => chat.stats()) };
  http.on('request', (request, response) => {
    answer(binding, request, response).catch((error: unknown) => fail(binding, request, error));
  });
  http.on('upgrade', (request, socket, head) => upgrade(binding, request, socket, head));
  http.on('checkExpectation', (request, response) => http.emit('request', request, response));
  http.on('clientError', refuseBroken);
  sockets.on('wsClientError', (error, socket) => endRaw(socket, refusal('malformed', error.message)));
  const port = await listen(http, options);
  return { port, close: () => closeAll(http, sockets) };
}

// ---

/** Longer than a balancer or a client keeps an idle connection, so that they close first and no request meets a closed one. */
const keepAliveMsDefault = 75_000;

const noBytes = Buffer.alloc(0);

function socketOptions(closeTimeout: Ms) {
  return { noServer: true, maxPayload: limits.frameBytesMax, perMessageDeflate: false, closeTimeout };
}

interface Binding {
  readonly chat: ChatServer;
  readonly remotes: Remotes;
  readonly sockets: WebSocketServer;
  readonly log: Log;
  readonly metrics: Exposition;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

async function answer(binding: Binding, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const remote = binding.remotes.of(request);
  const body = await readBody(request, limits.bodyBytesMax);
  if (body.kind === 'broken') return;
  const result = body.kind === 'text' ? await dispatch(binding, request, body.text, remote) : refusal('tooLarge');
  if (body.kind === 'tooLarge') response.setHeader('connection', 'close');
  const head = { 'content-type': 'application/json', 'cache-control': 'no-store', ...result.headers };
  response.writeHead(result.status, { ...head, 'content-length': Buffer.byteLength(result.body) }).end(result.body);
}

async function dispatch(binding: Binding, request: IncomingMessage, body: string, remote: string): Promise<Answer> {
  const { method = '', url = '/' } = request;
  const [path = '/', search] = url.split('?', 2);
  try {
    if (path === '/metrics' && method === 'GET') return await exposition(binding.metrics);
    if (!isMethod(method)) return refusal('unknownPath');
    const token = bearer(request);
    return await binding.chat.http({
      method,
      path,
      body,
      remote,
      ...(search === undefined ? {} : { query: Object.fromEntries(new URLSearchParams(search)) }),
      ...(token === null ? {} : { token }),
    });
  } catch (error) {
    // What went wrong inside is for the log; the client learns only that nobody knows.
    logFailure(binding, request, error);
    return refusal('uncertain');
  }
}

/** The answer could not even be written. */
function fail(binding: Binding, request: IncomingMessage, error: unknown): void {
  logFailure(binding, request, error);
  request.destroy();
}

function logFailure({ log }: Binding, { method, url }: IncomingMessage, error: unknown): void {
  log.write('error', 'a request failed inside', { method, url, error: String(error) });
}

async function exposition(metrics: Exposition): Promise<Answer> {
  return { status: 200, headers: { 'content-type': metrics.contentType }, body: await metrics.text() };
}

function isMethod(method: string): method is HttpRequest['method'] {
  return ['GET', 'POST', 'PUT', 'DELETE'].includes(method);
}

function bearer(request: IncomingMessage): string | null {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
}

function refusal(code: ErrorCode, detail?: string): Answer {
  const { status, definite } = errors[code];
  return { status, body: JSON.stringify({ code, definite, detail }) };
}

function upgrade(binding: Binding, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const remote = binding.remotes.of(request);
  // Until the handshake is done nobody else listens for the connection's errors.
  socket.on('error', () => {});
  if (request.url?.split('?', 1)[0] !== socketPath) {
    endRaw(socket, refusal('unknownPath'));
    return;
  }
  const wire = adoptWire(socket as NetSocket);
  binding.sockets.handleUpgrade(request, wire.socket, noBytes, (websocket) => {
    attachSocket(binding.chat, { websocket, wire, head, remote });
  });
}

/** What arrived is no HTTP, or came too slowly. */
function refuseBroken(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }[error.code ?? ''];
  endRaw(socket, { ...refusal('malformed'), ...(status === undefined ? {} : { status }) });
}

/** Answers without the help of the HTTP server, which has let go of the connection. */
function endRaw(socket: Duplex, { status, body }: Answer): void {
  const head = `HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-type: application/json\r\n`;
  socket.end(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () => socket.destroy());
}

async function closeAll(http: Server, sockets: WebSocketServer): Promise<void> {
  const upgraded = [...sockets.clients].map((websocket) => new Promise((closed) => websocket.once('close', closed)));
  await new Promise((closed) => {
    http.close(closed);
    for (const websocket of sockets.clients) websocket.terminate();
    http.closeAllConnections();
  });
  await Promise.all(upgraded);
}
