import {
  type Bus,
  type Clock,
  createMemoryBusHub,
  createMemoryStore,
  createSeededRandom,
  type Log,
  type Ms,
  parseServerSettings,
  type Random,
  type Store,
} from '../../../system/index.ts';
import type { Cluster, ClusterOrder } from '../backend.ts';
import { splitHashCost } from '../hash-cost.ts';
import { noUseLimits } from '../lifted-limits.ts';
import { type BalancerNode, createBalancerNode } from './balancer-node.ts';
import { createLinkQuality, type LinkSettings } from './link.ts';
import { createServerNode, type ServerNode } from './server-node.ts';
import { createUserTransport } from './user-transport.ts';
import { type BusQuality, createVirtualBus } from './virtual-bus.ts';
import { createVirtualDatabase, type VirtualDatabase } from './virtual-database.ts';
import { applyFault } from './virtual-faults.ts';
import { createVirtualLinks, type VirtualLinks } from './virtual-links.ts';
import { createProcess, type VirtualProcess } from './virtual-process.ts';
import { createVirtualSecrets } from './virtual-secrets.ts';
import { createVirtualStore } from './virtual-store.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What a virtual world is like. */
export interface VirtualSettings {
  readonly userLink: LinkSettings;
  readonly serverLink: LinkSettings;
  readonly storeLink: { readonly baseMs: Ms; readonly jitterMs: Ms };
  readonly bus: BusQuality;
  /** Chance that a call that the database had not begun when its server was killed happens all the same. */
  readonly orphanCommits: number;
  /** How long a server waits for an answer of the database. */
  readonly answerMs: Ms;
  /** From the start of a server's program to its first connection. */
  readonly bootMs: Ms;
  /** Laid around the ports of each life of each server: the way to plant a defect. */
  readonly wrapStore: (store: Store, around: Around) => Store;
  readonly wrapBus: (bus: Bus, around: Around) => Bus;
}

/** Whose port is wrapped. */
export interface Around {
  readonly process: VirtualProcess;
  readonly random: Random;
  /** The world's clock: what waits for it happens although the process has died. */
  readonly worldClock: Clock;
  /** One object for all servers of a cluster, to tell clusters apart. */
  readonly cluster: object;
}

/** Like machines of one rack. The bus loses and doubles a hint now and then, as its contract allows. */
export const virtualDefaults: VirtualSettings = {
  userLink: { baseMs: 0.1, jitterMs: 0.1, bytesPerMs: 12_500, bufferBytes: 64 * 1024 },
  serverLink: { baseMs: 0.05, jitterMs: 0.05, bytesPerMs: 125_000, bufferBytes: 64 * 1024 },
  storeLink: { baseMs: 0.1, jitterMs: 0.1 },
  bus: { baseMs: 0.1, jitterMs: 0.2, lost: 0.0001, doubled: 0.0001 },
  orphanCommits: 0.5,
  answerMs: 30_000,
  bootMs: 300,
  wrapStore: (store) => store,
  wrapBus: (bus) => bus,
};

/** How long the balancers may take to find all servers healthy. */
const readyMsMax: Ms = 60_000;

/** Starts database, servers and balancers; resolves when connections are taken. */
export async function startVirtualCluster(
  time: VirtualTime,
  order: ClusterOrder,
  settings: VirtualSettings,
): Promise<Cluster> {
  const random = createSeededRandom(order.seed);
  const store = createMemoryStore();
  const database = createVirtualDatabase(time);
  const users = createProcess(time, 'users');
  const balancerNames = Array.from({ length: order.spec.balancers }, (_, index) => `b${index + 1}`);
  const links = createVirtualLinks({
    time,
    balancers: balancerNames,
    servers: order.spec.servers.map((_, index) => serverName(index)),
    node: (server) => nodes.find(({ id }) => id === server)!,
    database,
    quality: createLinkQuality(settings.serverLink, random.fork('questions')),
    random,
  });
  const nodes = startNodes(time, { order, settings, store, database, links, random });
  const balancers = balancerNames.map((name) =>
    createBalancerNode({
      time,
      name,
      nodes,
      linkTo: (server) => links.of(`${name}-${server}`),
      strategy: order.spec.strategy,
      probeMs: order.spec.probeMs,
      link: settings.serverLink,
      bootMs: settings.bootMs,
      random,
      log: order.log,
    }),
  );
  await Promise.all(nodes.map((node) => node.start()));
  await Promise.all(balancers.map((gate) => gate.start()));
  await allHealthy(time.clock, balancers);

  return {
    clock: time.clock,
    signal: order.signal,
    start: null,
    losses: () => [],
    servers: nodes.map(({ id }) => id),
    balancers: balancers.map(({ name }) => name),
    endpoints: [],
    connect(index) {
      const gate = balancers[index % balancers.length]!;
      const quality = createLinkQuality(settings.userLink, random.fork(`link:u${index}-${gate.name}`));
      return createUserTransport({ process: users, remote: `u${index}`, dial: () => gate.dial(users, quality) });
    },
    apply: (fault) => applyFault(fault, { nodes, balancers, database, links, clock: time.clock }),
    sample: async () => [
      ...nodes.map((node) => node.sample()).filter((sample) => sample !== null),
      ...balancers.map((gate) => gate.sample()).filter((sample) => sample !== null),
      database.sample(),
    ],
    async *stored() {
      yield* store.messages();
    },
  };
}

// ---

function startNodes(
  time: VirtualTime,
  parts: {
    order: ClusterOrder;
    settings: VirtualSettings;
    store: Store;
    database: VirtualDatabase;
    links: VirtualLinks;
    random: Random;
  },
): ServerNode[] {
  const { order, settings, store, database, links, random } = parts;
  // The way between two servers has its own delays; the hub itself adds none.
  const hub = createMemoryBusHub({ deliver: (run) => run() });
  const cluster = {};
  return order.spec.servers.map(({ cpuShare }, index) =>
    createServerNode({
      time,
      settings: parseServerSettings({
        ...noUseLimits,
        ...splitHashCost(order.spec.server).serverSettings,
        server: serverName(index),
      }),
      cpuShare,
      bootMs: settings.bootMs,
      random: random.fork(`server:${serverName(index)}`),
      world(process, own) {
        const around = { process, random: own.fork('around'), worldClock: time.clock, cluster };
        const way = links.of(`${process.name}-database`);
        const end = { time, store, database, process, way, random: own.fork('store') };
        const carries = () => database.process !== null && !database.paused;
        const hints = { time, bus: hub.join(), process, way, random: own.fork('bus'), quality: settings.bus, carries };
        return {
          store: settings.wrapStore(createVirtualStore({ ...end, ...settings, link: settings.storeLink }), around),
          bus: settings.wrapBus(createVirtualBus(hints), around),
          secrets: createVirtualSecrets(process),
          log: named(order.log, process.name),
        };
      },
    }),
  );
}

function serverName(index: number): string {
  return `s${index + 1}`;
}

function named(log: Log, server: string): Log {
  return { write: (level, message, fields) => log.write(level, message, { ...fields, server }) };
}

async function allHealthy(clock: Clock, balancers: readonly BalancerNode[]): Promise<void> {
  const sick = (): number => balancers.reduce((sum, gate) => sum + gate.sick, 0);
  const untilMs = clock.now() + readyMsMax;
  while (sick() > 0) {
    if (clock.now() > untilMs) throw new Error(`${sick()} servers were not healthy after ${readyMsMax} ms.`);
    await new Promise<void>((resolve) => void clock.after(1, resolve));
  }
}
