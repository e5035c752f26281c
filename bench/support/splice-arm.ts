/** One process of the splice bench: the echoing server, or something that stands before it. Says `up` once it listens. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import type { ServerId, ServerStats } from '../../src/system/index.ts';
import { createSystemClock, startBalancer } from '../../src/system/node.ts';

const [arm = '', port = '', serverPort = ''] = process.argv.slice(2);
const host = '127.0.0.1';
const server = 's1' as ServerId;

if (arm === 'server') startServer();
else if (arm === 'pipe') startPipe();
else await startSplice();

function startServer(): void {
  const http = createServer((_request, response) => response.end(JSON.stringify(idleStats)));
  http.on('upgrade', (request, socket) => {
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    socket
      .on('error', () => {})
      .on('end', () => socket.end())
      .on('data', (chunk) => socket.write(chunk));
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
    );
  });
  http.listen({ port: Number(port), host, backlog: 4096 }, up);
}

/** What one writes first: two streams, piped both ways. */
function startPipe(): void {
  const pipe = createTcpServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const upstream = connect({ port: Number(serverPort), host, noDelay: true, allowHalfOpen: true });
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  pipe.listen({ port: Number(port), host, backlog: 4096 }, up);
}

async function startSplice(): Promise<void> {
  const balancer = await startBalancer({
    host,
    port: Number(port),
    servers: [{ id: server, host, port: Number(serverPort) }],
    strategy: 'round-robin',
    clock: createSystemClock(),
    log: { write: () => {} },
  });
  const wait = setInterval(() => {
    if (!balancer.stats().servers[0]?.healthy) return;
    clearInterval(wait);
    up();
  }, 10);
}

function up(): void {
  console.log('up');
}

const idleStats: ServerStats = {
  server,
  uptimeMs: 1,
  draining: false,
  databaseUp: true,
  sessions: 0,
  inFlight: 0,
  acceptedTotal: 0,
  deliveredTotal: 0,
  ephemeralReceivedTotal: 0,
  ephemeralDeliveredTotal: 0,
  presenceDeliveredTotal: 0,
  ephemeralCoalescedTotal: 0,
  ephemeralDroppedTotal: 0,
  ephemeralQueued: 0,
  acceptedPerSec: 0,
  deliveredPerSec: 0,
  cpuFraction: 0,
  cpuMicros: 0,
  eventLoopUtilization: 0,
  eventLoopP99Ms: 0,
  rssBytes: 0,
  batchP50Ms: 0,
};
