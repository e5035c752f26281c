import { mkdirSync } from 'node:fs';
import { Problem } from '../../problem.ts';
import { type Database, openDatabase } from './database.ts';
import type { Exit } from './death.ts';
import type { ComponentView, LocalClusterOptions } from './options.ts';
import { checkPort, freePorts } from './ports.ts';
import { serversFound } from './readiness.ts';
import { balancerSlot, findSlot, originOf, type Place, type Slot, serverSlot, viewOf } from './slots.ts';
import { createSupervisor } from './supervisor.ts';

/** A running system on this machine: processes that are children of this one. */
export interface LocalCluster {
  readonly database: Database;
  readonly servers: readonly ComponentView[];
  readonly balancers: readonly ComponentView[];
  /** Origins of the balancers. */
  readonly endpoints: readonly string[];
  /** kill -9; resolves when the process is gone. */
  kill(name: string): Promise<Exit>;
  /** SIGTERM: finishes what was begun; resolves when the process is gone. */
  drain(name: string): Promise<Exit>;
  /** Starts what is down, on its old port; resolves when it is ready. */
  start(name: string): Promise<void>;
  /** Servers drain, then all is ended and a temporary database removed. Resolves when nothing is left. */
  stop(): Promise<void>;
}

/**
 * Starts database, servers and balancers. Rejects with a `Problem` when one of them cannot run, and has stopped the others
 * then. If this process dies in whatever way, its children notice and end, and the database does too.
 */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  makeFolder(options.logDirectory);
  const places = await choosePlaces(options);
  options.signal?.throwIfAborted();
  const database = await openDatabase(options);
  const { servers, balancers } = await makeSlots(options, places, database).catch(async (error) => {
    await database.stop();
    throw error;
  });
  const cluster = createCluster(options, { database, servers, balancers });
  const giveUp = () => void cluster.stop().catch(() => {});
  options.signal?.addEventListener('abort', giveUp);
  try {
    options.signal?.throwIfAborted();
    await Promise.all(servers.map(({ name }) => cluster.start(name)));
    await Promise.all(balancers.map(({ name }) => cluster.start(name)));
    await Promise.all(cluster.balancers.map((balancer) => serversFound(balancer, options.signal)));
    return cluster;
  } catch (error) {
    await cluster.stop();
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', giveUp);
  }
}

/** Makes a folder and those above it. Throws a `Problem` when that is not possible. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw new Problem(`The folder ${path} cannot be made (${(cause as Error).message}): name another.`, { cause });
  }
}

// ---

interface Parts {
  readonly database: Database;
  readonly servers: readonly Slot[];
  readonly balancers: readonly Slot[];
}

async function makeSlots(
  options: LocalClusterOptions,
  places: { readonly servers: readonly Place[]; readonly balancers: readonly Place[] },
  database: Database,
): Promise<Pick<Parts, 'servers' | 'balancers'>> {
  const servers = await Promise.all(places.servers.map((place) => serverSlot(options, place, database)));
  const balancers = await Promise.all(places.balancers.map((place) => balancerSlot(options, place, servers)));
  return { servers, balancers };
}

function createCluster(options: LocalClusterOptions, { database, servers, balancers }: Parts): LocalCluster {
  const supervisor = createSupervisor(options);
  const find = (name: string) => findSlot([...servers, ...balancers], name);
  let stopping: Promise<void> | null = null;
  process.on('exit', supervisor.killAll);

  async function stop(): Promise<void> {
    try {
      supervisor.halt();
      // Servers first: they say goodbye to their clients through the balancers.
      await supervisor.endAll(servers);
      await supervisor.endAll(balancers);
    } finally {
      await database.stop();
      process.off('exit', supervisor.killAll);
    }
  }

  return {
    database,
    get servers() {
      return servers.map(viewOf);
    },
    get balancers() {
      return balancers.map(viewOf);
    },
    endpoints: balancers.map(originOf),
    kill: async (name) => supervisor.kill(find(name)),
    drain: async (name) => supervisor.drain(find(name)),
    start: async (name) => supervisor.start(find(name)),
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

const loopback = '127.0.0.1';

/** Names and ports of all, before anything is started: a port in use is known at once. */
async function choosePlaces(options: LocalClusterOptions): Promise<{ servers: Place[]; balancers: Place[] }> {
  const host = options.host ?? loopback;
  const servers = options.servers ?? 3;
  const balancers = options.balancers ?? 1;
  const balancerPorts = options.port ? await consecutivePorts(host, options.port, balancers) : null;
  const free = await freePorts(servers + balancers, loopback);
  return {
    servers: free.slice(0, servers).map((port, index) => ({ name: `s${index + 1}`, host: loopback, port })),
    balancers: (balancerPorts ?? free.slice(servers)).map((port, index) => ({ name: `b${index + 1}`, host, port })),
  };
}

async function consecutivePorts(host: string, first: number, count: number): Promise<readonly number[]> {
  const ports = Array.from({ length: count }, (_, index) => first + index);
  for (const port of ports) await checkPort(host, port);
  return ports;
}
