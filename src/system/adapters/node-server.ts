import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket as NetSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { ByteStream, HttpRequest, Log, Ms } from '../ports.ts';
import { type ErrorCode, errors } from '../protocol/errors.ts';
import { socketPath } from '../protocol/frames.ts';
import { hasByteBody } from '../protocol/http.ts';
import { limits } from '../protocol/limits.ts';
import type { ChatServer } from '../server/contract.ts';
import { readBody } from './http-body.ts';
import { type ByteTimes, discardRest, incomingBytes, sendBytes } from './http-bytes.ts';
import { type ListenOptions, listen } from './listen.ts';
import { createExposition, type Exposition } from './prometheus.ts';
import { createRemotes, type Remotes } from './remote-address.ts';
import { attachSocket } from './server-socket.ts';
import { adoptWire } from './wire.ts';

export interface NodeServerOptions extends ListenOptions {
  readonly log: Log;
  /** Peers, addresses or subnets, whose `x-forwarded-for` is believed, on the first request of a connection. Default: this machine. */
  readonly trustedBalancers?: readonly string[];
  /** A request whose head, or whose body after it, has not arrived in this time is answered 408 and cut off. Default 10,000. */
  readonly requestMs?: Ms;
  /** For the bytes of images instead: longest time in which none moves. Default 30,000. */
  readonly stallMs?: Ms;
  /** And longest time in all: 25 MiB at 350 kbit/s. Default 600,000. */
  readonly transferMs?: Ms;
  /** How long a connection without a request is kept. Default 75,000: longer than anyone in front of it keeps theirs. */
  readonly keepAliveMs?: Ms;
  /** Longest wait for the peer's half of a closing handshake, and for the end of a body that is refused. Default 5000. */
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
    // Bodies have times of their own: those of images are large.
    requestTimeout: 0,
    headersTimeout: requestMs,
    connectionsCheckingInterval: Math.ceil(requestMs / 4),
    keepAliveTimeout: options.keepAliveMs ?? keepAliveMsDefault,
  });
  const closingMs = options.closingMs ?? 5000;
  const sockets = new WebSocketServer(socketOptions(closingMs));
  const remotes = createRemotes(options.trustedBalancers);
  const binding: Binding = {
    chat,
    remotes,
    sockets,
    log: options.log,
    metrics: createExposition(() => chat.stats()),
    requestMs,
    times: { stallMs: options.stallMs ?? 30_000, transferMs: options.transferMs ?? 600_000 },
    lingering: { stallMs: Math.min(1000, closingMs), transferMs: closingMs },
  };
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
  readonly requestMs: Ms;
  readonly times: ByteTimes;
  /** For a sender whose bytes nobody wants, to notice. */
  readonly lingering: ByteTimes;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  readonly bytes?: ByteStream;
}

async function answer(binding: Binding, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const remote = binding.remotes.of(request);
  if (hasByteBody(request.method ?? '', pathOf(request))) return await answerBytes(binding, request, response, remote);
  const body = await readBody(request, { bytesMax: limits.bodyBytesMax, withinMs: binding.requestMs });
  if (body.kind === 'broken') return;
  const result =
    body.kind === 'text' ? await dispatch(binding, request, { body: body.text, remote }) : unread[body.kind];
  if (body.kind !== 'text') response.setHeader('connection', 'close');
  writeHead(response, result);
  if (result.bytes === undefined) return void response.end(result.body);
  const cut = await sendBytes(response, result.bytes, binding.times);
  if (cut !== null) binding.log.write('info', 'an answer was cut off', { url: request.url, reason: cut });
}

/** The body goes on to the chat server while it arrives. When that wants no more of it, the connection ends with the answer. */
async function answerBytes(
  binding: Binding,
  request: IncomingMessage,
  response: ServerResponse,
  remote: string,
): Promise<void> {
  const bytes = incomingBytes(request, binding.times);
  const result = await dispatch(binding, request, { body: '', bytes, remote });
  if (!request.readableEnded) response.setHeader('connection', 'close');
  writeHead(response, result);
  response.write(result.body);
  if (!request.readableEnded) await discardRest(request, binding.lingering, limits.blobBytesMax);
  response.end();
}

function writeHead(response: ServerResponse, { status, headers, body }: Answer): void {
  const own = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  response.writeHead(status, { ...own, 'content-length': Buffer.byteLength(body), ...headers });
}

async function dispatch(
  binding: Binding,
  request: IncomingMessage,
  from: Pick<HttpRequest, 'body' | 'bytes'> & { readonly remote: string },
): Promise<Answer> {
  const { method = '', url = '/' } = request;
  const path = pathOf(request);
  const [, search] = url.split('?', 2);
  try {
    if (path === '/metrics' && method === 'GET') return await exposition(binding.metrics);
    if (!isMethod(method)) return refusal('unknownPath');
    const token = bearer(request);
    return await binding.chat.http({
      method,
      path,
      ...from,
      ...(search === undefined ? {} : { query: Object.fromEntries(new URLSearchParams(search)) }),
      ...(token === null ? {} : { token }),
    });
  } catch (error) {
    // What went wrong inside is for the log; the client learns only that nobody knows.
    logFailure(binding, request, error);
    return refusal('uncertain');
  }
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0]!;
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

/** Answers to bodies that were not read to the end. */
const unread: Readonly<Record<'tooLarge' | 'late', Answer>> = {
  tooLarge: refusal('tooLarge'),
  late: { ...refusal('malformed'), status: 408 },
};

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
