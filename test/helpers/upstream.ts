import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ServerStats } from '../../src/system/protocol/http.ts';
import type { ServerId } from '../../src/system/protocol/ids.ts';
import { serverStatsOf } from './server-stats.ts';

/** A server behind a balancer: answers `/stats`, echoes bodies, and hands upgraded connections out. */
export interface Upstream {
  readonly id: ServerId;
  readonly host: string;
  readonly port: number;
  /** What it was asked, but for `/stats`. */
  readonly requests: { readonly method: string; readonly url: string; readonly headers: IncomingHttpHeaders }[];
  stats: Partial<ServerStats>;
  /** Cuts every connection and listens no more, as a process does that is killed. */
  kill(): Promise<void>;
  /** Listens again on the same port. */
  revive(): Promise<void>;
}

export interface UpstreamOptions {
  /** Gets a connection behind the 101 answer. */
  readonly upgraded?: (socket: Duplex) => void;
  /** Takes the upgrade itself instead. */
  readonly rawUpgrade?: (request: IncomingMessage, socket: Duplex) => void;
}

export async function startUpstream(name: string, options: UpstreamOptions = {}): Promise<Upstream> {
  const id = name as ServerId;
  const sockets = new Set<Socket>();
  const requests: Upstream['requests'] = [];
  let server: Server;
  const upstream = { id, host: '127.0.0.1', port: 0, requests, stats: {}, kill, revive };

  async function revive(): Promise<void> {
    server = createServer((request, response) => {
      if (request.url === '/stats') return void response.end(JSON.stringify(serverStatsOf(id, upstream.stats)));
      note(request);
      response.setHeader('x-server', id);
      request.pipe(response);
    });
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    });
    server.on('upgrade', (request, socket) => {
      note(request);
      socket.on('error', () => {});
      if (options.rawUpgrade) return options.rawUpgrade(request, socket);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
      options.upgraded?.(socket);
    });
    await new Promise<void>((resolve) => server.listen(upstream.port, upstream.host, resolve));
    upstream.port = (server.address() as AddressInfo).port;
  }

  function note(request: IncomingMessage): void {
    requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
  }

  async function kill(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  await revive();
  return upstream;
}

/** Reads the answer to an upgrade, and leaves what follows in the socket. */
export async function headOf(socket: Socket): Promise<string> {
  let head = '';
  while (!head.endsWith('\r\n\r\n')) {
    const byte = socket.read(1) as Buffer | null;
    if (byte === null) await once(socket, 'readable');
    else head += byte.toString('latin1');
  }
  return head;
}
