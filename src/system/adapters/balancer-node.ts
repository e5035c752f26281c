import { createServer, type Server, type Socket } from 'node:net';
import { createBalancer } from '../balancer/balancer.ts';
import type { Balancer } from '../balancer/contract.ts';
import { viewOf } from '../balancer/view.ts';
import type { Clock, Log, Ms } from '../ports.ts';
import { balancerPath } from '../protocol/balancer-view.ts';
import { routes } from '../protocol/http.ts';
import { createSeededRandom } from '../seeded-random.ts';
import { type ConnectLimits, type Connector, createConnector, reach } from './balancer-connect.ts';
import {
  type Answer,
  answer,
  byHttps,
  type HeadLimits,
  isThisMachine,
  readHead,
  refusal,
  remoteOf,
} from './balancer-door.ts';
import type { RequestHead } from './balancer-head.ts';
import { type BalancerProcessStats, createBalancerExposition } from './balancer-metrics.ts';
import { type Pages, readPages } from './balancer-pages.ts';
import { createHttpProbe, type ServerAddress } from './balancer-probe.ts';
import { createSplicer, type Splicer, type Traffic } from './balancer-splice.ts';
import { openTlsDoor, type TlsDoor, type TlsFiles } from './balancer-tls.ts';
import { type ListenOptions, listen } from './listen.ts';
import { createVitals } from './process-vitals.ts';
import type { Exposition } from './prometheus.ts';
import { createSystemRandom } from './system-random.ts';
import { adoptWire, keepAlive, secureWire, type Wire } from './wire.ts';

/** Defaults of a balancer process. */
export const balancerDefaults = {
  probeMs: 1000,
  /** Longest request head, in bytes. */
  headBytesMax: 16 * 1024,
  /** Longest time from the connection to the end of the request head. */
  headMs: 10_000,
  connectMs: 2000,
  triesMax: 3,
  /** Longest time that one side may take to read what is left once the other one is gone. */
  lingerMs: 10_000,
  /** Longest time that connections may live on after `stop`. */
  drainMs: 2000,
} as const;

export interface NodeBalancerOptions extends ListenOptions, Partial<NodeBalancerSettings> {
  /** `weight` defaults to 1. */
  readonly servers: readonly (ServerAddress & { readonly weight?: number })[];
  /** A name of the registry `strategies`. */
  readonly strategy: string;
  /** Makes the strategy's draws repeatable. Default: the operating system's chance. */
  readonly seed?: number;
  /** Folder of the web client, as `readPages` takes it. Default: none is served. */
  readonly web?: string;
  /** Who answers requests under `/demo/`, each on a connection of its own. Default: nobody special. */
  readonly demo?: DemoAddress;
  /**
   * Lets clients in over TLS on the same port. Who comes in the clear is sent to `https`, except from this machine. Default:
   * all come in the clear.
   */
  readonly tls?: TlsFiles;
  readonly log: Log;
  readonly clock: Clock;
}

/** Of the control of a demonstration. */
export interface DemoAddress {
  readonly host: string;
  readonly port: number;
}

export type NodeBalancerSettings = { readonly [name in keyof typeof balancerDefaults]: number };

/** A balancer that listens. */
export interface NodeBalancer {
  readonly port: number;
  stats(): BalancerProcessStats;
  /** Takes no more connections, closes those without a server, and gives the others `drainMs` to end by themselves. */
  stop(): Promise<void>;
}

/**
 * Starts the balancer in this process, in connection mode: one decision for each HTTP connection or WebSocket, then
 * bytes are moved unread. `GET /healthz`, `/readyz`, `/stats`, `/metrics` and `/v1/balancer` are about the balancer itself.
 * Rejects with a `Problem` when a setting makes no sense or the port cannot be had.
 */
export async function startBalancer(options: NodeBalancerOptions): Promise<NodeBalancer> {
  const settings = { ...balancerDefaults, ...options };
  const { clock, log } = options;
  const servers = options.servers.map((server) => ({ ...server, weight: server.weight ?? 1 }));
  const probe = createHttpProbe(servers);
  const random = options.seed === undefined ? createSystemRandom() : createSeededRandom(options.seed);
  const balancer = createBalancer({ clock, random, log, probe: probe.probe }, { ...settings, servers });
  const counters = { bytesFromClients: 0, bytesFromServers: 0, refusedTotal: 0 };
  const stats = statsOf(balancer, counters, clock);
  const house: House = {
    settings,
    clock,
    log,
    counters,
    stats,
    view: () => JSON.stringify(viewOf(balancer.stats())),
    metrics: createBalancerExposition(stats),
    connect: createConnector({ balancer, clock, log }, servers, settings),
    pages: options.web === undefined ? null : readPages(options.web),
    demo: options.demo ?? null,
    tls: options.tls === undefined ? null : openTlsDoor({ files: options.tls, clock, log, greetMs: settings.headMs }),
    waiting: new Set(),
    splicer: createSplicer({ clock, traffic: counters, lingerMs: settings.lingerMs }),
  };
  const server = createServer({ pauseOnConnect: true, noDelay: true, ...keepAlive });
  server.on('connection', (accepted) => receive(house, accepted));
  const port = await listen(server, options);
  server.on('error', (error) => log.write('error', 'a connection was not accepted', { error: error.message }));
  balancer.start();

  return {
    port,
    stats,
    async stop() {
      await drain(server, house);
      balancer.stop();
      house.tls?.close();
      probe.close();
    },
  };
}

// ---

interface Counters extends Traffic {
  refusedTotal: number;
}

interface House {
  readonly settings: HeadLimits & ConnectLimits & { readonly lingerMs: Ms; readonly drainMs: Ms };
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: Counters;
  readonly stats: () => BalancerProcessStats;
  /** What clients may know of it, as JSON. */
  readonly view: () => string;
  readonly metrics: Exposition;
  readonly connect: Connector;
  readonly pages: Pages | null;
  readonly demo: DemoAddress | null;
  /** Null: nobody comes over TLS. */
  readonly tls: TlsDoor | null;
  /** Sockets of clients that have no server, or not yet. */
  readonly waiting: Set<Socket>;
  readonly splicer: Splicer;
}

function statsOf(balancer: Balancer, counters: Counters, clock: Clock): () => BalancerProcessStats {
  const startedAt = clock.now();
  const vitals = createVitals();
  return () => ({ ...balancer.stats(), uptimeMs: clock.now() - startedAt, ...counters, ...vitals.sample() });
}

function receive(house: House, accepted: Socket): void {
  if (house.tls === null) serve(house, { wire: adoptWire(accepted), mustBeSecure: false, first: null });
  else void greet(house, house.tls, accepted);
}

interface Client {
  readonly wire: Wire;
  /** It came in the clear, and may not. */
  readonly mustBeSecure: boolean;
  /** What was read of it already. */
  readonly first: Buffer | null;
}

async function greet(house: House, tls: TlsDoor, accepted: Socket): Promise<void> {
  house.waiting.add(accepted);
  const greeting = await tls.greet(accepted);
  house.waiting.delete(accepted);
  if (greeting === null) return void accepted.destroy();
  if (greeting.kind === 'secure') {
    return serve(house, { wire: secureWire(greeting.socket), mustBeSecure: false, first: null });
  }
  const mustBeSecure = !isThisMachine(remoteOf(accepted));
  serve(house, { wire: adoptWire(accepted), mustBeSecure, first: greeting.first });
}

function serve(house: House, client: Client): void {
  const { socket } = client.wire;
  house.waiting.add(socket);
  welcome(house, client)
    .catch((error: unknown) => {
      house.log.write('error', 'a connection could not be served', { error: String(error) });
      socket.destroy();
    })
    .finally(() => house.waiting.delete(socket));
}

/** One new connection, from its first byte to the splice. Rejects only for a defect, of a strategy for example. */
async function welcome(house: House, { wire: client, mustBeSecure, first }: Client): Promise<void> {
  const remote = remoteOf(client.socket);
  const arrival = await readHead(client, house.clock, house.settings, first);
  if (arrival.kind === 'gone' || remote === undefined) return void client.socket.destroy();
  if (arrival.kind === 'refused') return refuse(house, client, arrival.answer);
  const { head: asked } = arrival;
  if (mustBeSecure) return refuse(house, client, byHttps(asked));
  const own = house.pages?.answer(asked) ?? (asked.method === 'GET' ? await ownAnswer(house, asked.path) : null);
  if (own !== null) return answer(client, house.clock, own, house.settings.lingerMs);
  const server = await upstreamOf(house, asked, remote);
  if (server === null) return refuse(house, client, nobodyFree);
  if (client.socket.destroyed) return void server.socket.destroy();
  const head = asked.forward(remote);
  house.counters.bytesFromClients += head.length;
  server.socket.write(head);
  house.splicer.join(client, server);
}

function upstreamOf({ demo, clock, settings, connect }: House, { path }: RequestHead, remote: string) {
  return demo !== null && path.startsWith('/demo/') ? reach(demo, clock, settings.connectMs) : connect(remote);
}

const nobodyFree = refusal('busy', 'No server takes new connections now.', { retryAfterMs: 1000 });

function refuse(house: House, client: Wire, why: Answer): Promise<void> {
  house.counters.refusedTotal++;
  return answer(client, house.clock, why, house.settings.lingerMs);
}

/** The balancer's own pages; null for everything that is a server's. */
async function ownAnswer({ stats, view, metrics, pages, demo }: House, path: string): Promise<Answer | null> {
  switch (path) {
    case routes.health.path:
      return { status: 200, body: '{}' };
    case routes.ready.path:
      return stats().servers.some(takesNewConnections) ? { status: 200, body: '{}' } : nobodyFree;
    case routes.stats.path:
      return { status: 200, body: JSON.stringify(stats()) };
    case balancerPath:
      return { status: 200, body: view() };
    case routes.metrics.path:
      return { status: 200, headers: { 'content-type': metrics.contentType }, body: await metrics.text() };
    case '/demo/':
      // The web client asks whether this is a demonstration.
      return pages !== null && demo === null ? { status: 200, body: noDemo } : null;
    default:
      return null;
  }
}

const noDemo = JSON.stringify({ people: [], servers: [] });

function takesNewConnections({ healthy, stats }: BalancerProcessStats['servers'][number]): boolean {
  return healthy && stats?.draining === false;
}

/** Resolves when nobody is left, soon after `drainMs` at the latest. */
async function drain(server: Server, { waiting, splicer, clock, settings }: House): Promise<void> {
  server.close();
  cut(waiting);
  const cancel = clock.after(settings.drainMs, () => cut(splicer.sockets));
  await Promise.all([...splicer.sockets].map((socket) => new Promise((closed) => socket.once('close', closed))));
  cancel();
}

function cut(sockets: Iterable<Socket>): void {
  for (const socket of [...sockets]) socket.destroy();
}
