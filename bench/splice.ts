/**
 * The balancer's splice beside a plain `pipe` and, where it is installed, HAProxy: resident memory for each idle connection, round trips of
 * 300 bytes per second, and CPU for each. Linux only. Options: `--connections N` (4000), `--active N` (100), `--seconds N` (4), `--rounds N` (3).
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '4000' },
    active: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
  },
});
const connections = Number(values.connections);
const active = Number(values.active);
const milliseconds = 1000 * Number(values.seconds);
const message = Buffer.alloc(300, 'm');
const headEnd = Buffer.from('\r\n\r\n');
const host = '127.0.0.1';
const upgrade = [
  'GET /v1/socket HTTP/1.1',
  'host: x',
  'connection: upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n');

interface Figures {
  readonly idleKiB: number;
  /** After all of them have spoken at once, five times. */
  readonly busyKiB: number;
  readonly roundTripsPerSec: number;
  readonly cpuUs: number;
}

const haproxy = spawnSync('haproxy', ['-v']).status === 0;
const arms = ['splice', 'pipe', ...(haproxy ? ['haproxy'] : [])];
const folder = mkdtempSync(join(tmpdir(), 'nawaab-splice-'));
const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(3));

const serverPort = await freePort();
await start(nodeArm('server', serverPort));
const figures = new Map<string, Figures[]>(arms.map((arm) => [arm, []]));
for (let round = 0; round < Number(values.rounds); round++)
  for (const arm of round % 2 === 0 ? arms : arms.toReversed()) {
    const measured = await measure(arm, serverPort);
    console.log(`round ${round + 1} ${arm.padEnd(8)} ${JSON.stringify(measured)}`);
    figures.get(arm)?.push(measured);
  }
console.log(
  JSON.stringify({ connections, ...Object.fromEntries([...figures].map(([arm, all]) => [arm, medians(all)])) }),
);
process.exit();

// ---

async function measure(arm: string, serverPort: number): Promise<Figures> {
  const port = await freePort();
  const child = await start(arm === 'haproxy' ? haproxyArm(port, serverPort) : nodeArm(arm, port, serverPort), port);
  const first = await open(port, 50);
  const before = rssKiB(child);
  const clients = await open(port, connections);
  const idleKiB = (rssKiB(child) - before) / connections;
  for (let turn = 0; turn < 5; turn++) await Promise.all(clients.map(roundTrip));
  const busyKiB = (rssKiB(child) - before) / connections;
  const speed = await pingPong(clients.slice(0, active), child);
  for (const client of [...first, ...clients]) client.destroy();
  child.kill('SIGKILL');
  await once(child, 'exit');
  children.delete(child);
  return { idleKiB: round1(idleKiB), busyKiB: round1(busyKiB), ...speed };
}

/** Upgraded connections that have passed one message. */
async function open(port: number, count: number): Promise<readonly Socket[]> {
  const clients: Socket[] = [];
  while (clients.length < count)
    clients.push(
      ...(await Promise.all(Array.from({ length: Math.min(50, count - clients.length) }, () => dial(port)))),
    );
  return clients;
}

async function dial(port: number): Promise<Socket> {
  const client = connect({ port, host, noDelay: true });
  const head = await exchange(client, upgrade, (chunk) => chunk.subarray(-4).equals(headEnd));
  if (!head.startsWith('HTTP/1.1 101')) throw new Error(`No upgrade: ${head}`);
  await roundTrip(client);
  return client;
}

async function roundTrip(client: Socket): Promise<void> {
  let left = message.length;
  await exchange(client, message, (chunk) => {
    left -= chunk.length;
    return left <= 0;
  });
}

/** Writes, then reads until `done` says so; answers the last chunk. A connection that closes meanwhile fails the bench. */
function exchange(client: Socket, bytes: string | Buffer, done: (chunk: Buffer) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const closed = () => reject(new Error('A connection closed in the middle of a round trip.'));
    const take = (chunk: Buffer) => {
      if (!done(chunk)) return;
      client.off('data', take).off('close', closed).off('error', reject);
      resolve(chunk.toString('latin1'));
    };
    client.on('data', take).on('close', closed).on('error', reject);
    client.write(bytes);
  });
}

async function pingPong(
  clients: readonly Socket[],
  child: ChildProcess,
): Promise<Pick<Figures, 'roundTripsPerSec' | 'cpuUs'>> {
  const startedAt = performance.now();
  const cpuBefore = cpuMicros(child);
  let roundTrips = 0;
  await Promise.all(
    clients.map(async (client) => {
      for (; performance.now() - startedAt < milliseconds; roundTrips++) await roundTrip(client);
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    roundTripsPerSec: Math.round(roundTrips / seconds),
    cpuUs: round1((cpuMicros(child) - cpuBefore) / roundTrips),
  };
}

/** Both Node arms get the young generation that the balancer's process should have: 64 MiB of it would hide the connections. */
function nodeArm(...args: readonly (string | number)[]): ChildProcess {
  const file = join(import.meta.dirname, 'support', 'splice-arm.ts');
  return spawn(process.execPath, ['--max-semi-space-size=4', file, ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function haproxyArm(port: number, serverPort: number): ChildProcess {
  const file = join(folder, `haproxy-${port}.cfg`);
  writeFileSync(
    file,
    [
      'global',
      '  nbthread 1',
      `  maxconn ${2 * connections}`,
      'defaults',
      '  mode http',
      '  timeout connect 5s',
      '  timeout client 60s',
      '  timeout server 60s',
      '  timeout tunnel 1h',
      'frontend f',
      `  bind ${host}:${port}`,
      `  maxconn ${2 * connections}`,
      '  option forwardfor',
      '  default_backend b',
      'backend b',
      `  server s1 ${host}:${serverPort}`,
      '',
    ].join('\n'),
  );
  return spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Waits for the word `up`, or, with a port, until somebody answers there. */
async function start(child: ChildProcess, port?: number): Promise<ChildProcess> {
  children.add(child);
  if (child.spawnfile === 'haproxy') await answering(port!);
  else await once(child.stdout!, 'data');
  return child;
}

async function answering(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const client = connect({ port, host });
    const answered = await once(client, 'connect').then(
      () => true,
      () => false,
    );
    client.destroy();
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Nobody answers on port ${port}.`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function rssKiB({ pid }: ChildProcess): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
}

/** User and system time; the kernel counts it in hundredths of a second. */
function cpuMicros({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function medians(all: readonly Figures[]): Figures {
  const median = (pick: (figures: Figures) => number) => all.map(pick).toSorted((a, b) => a - b)[all.length >> 1]!;
  return {
    idleKiB: median(({ idleKiB }) => idleKiB),
    busyKiB: median(({ busyKiB }) => busyKiB),
    roundTripsPerSec: median(({ roundTripsPerSec }) => roundTripsPerSec),
    cpuUs: median(({ cpuUs }) => cpuUs),
  };
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}
