import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, scopeClock } from '../../../system/index.ts';
import {
  createSystemClock,
  createWsTransport,
  describeDeath,
  type LocalCluster,
  startLocalCluster,
} from '../../../system/node.ts';
import { createLinks, type Links } from '../../links/links.ts';
import { Problem } from '../../problem.ts';
import type { Backend, Cluster, ClusterOrder } from '../backend.ts';
import { partingMs, settled, unlessAborted } from '../live-work.ts';
import { createSampling } from '../sampling.ts';
import { createFaults } from './faults.ts';
import { folderPrefix, removeLeftovers } from './leftovers.ts';
import { readStat } from './proc.ts';
import { watchedProcesses } from './sampling.ts';
import { splitSettings } from './settings.ts';
import { readStored } from './stored.ts';
import { createThrottle, type Throttle } from './throttle.ts';

/** The laboratory's default world: real processes and a real PostgreSQL on this machine, nothing to install. */
export const processesBackend: Backend = {
  name: 'processes',
  description: 'Servers, balancers and PostgreSQL as processes of this machine, over loopback sockets.',
  // Without /proc nobody can tell that a process stands still; and Windows has no way to stop one for a while.
  cannot: new Set([
    'disconnect',
    ...(readStat(process.pid) === null ? (['pause', 'slow', 'databasePause'] as const) : []),
  ]),
  hasQuotas: false,
  run: async (order, work) => {
    const fromMs = performance.now();
    await removeLeftovers(order.log);
    // Its name carries our process id, so that a later run can tell whether its owner still lives.
    const home = await mkdtemp(join(tmpdir(), `${folderPrefix}${process.pid}-`));
    try {
      return await runIn({ home, fromMs, order }, work);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  },
};

// ---

async function runIn<T>(
  { home, fromMs, order: given }: { readonly home: string; readonly fromMs: number; readonly order: ClusterOrder },
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const broken = new AbortController();
  const breaks = (what: string) => {
    given.log.write('error', what);
    broken.abort(new Problem(`The run was ended because a part of its cluster died. ${what}`));
  };
  const order = { ...given, signal: AbortSignal.any([given.signal, broken.signal]) };
  const { seed, links: wanted = [] } = given;
  const links = createLinks({ wanted, host: '127.0.0.1', seed, died: breaks });
  const local = await startCluster({ home, order, links, breaks }).catch(async (error) => {
    await links.stop();
    throw error;
  });
  const throttle = createThrottle(breaks);
  const clock = scopeClock(createSystemClock());
  let working: Promise<unknown> = Promise.resolve();
  try {
    const cluster = await clusterOf({ local, throttle, links, clock, fromMs }, order);
    const result = work(cluster);
    working = result;
    return await unlessAborted(order.signal, result);
  } finally {
    await throttle.stop();
    await local.stop();
    await links.stop();
    await settled(working, partingMs);
    // Nothing that still waits for its moment keeps this process from ending.
    clock.cancelAll();
  }
}

interface Parts {
  readonly local: LocalCluster;
  readonly throttle: Throttle;
  readonly links: Links;
  readonly clock: Clock;
  /** Reading of `performance.now()` when the run was ordered. */
  readonly fromMs: number;
}

interface Start {
  readonly home: string;
  readonly order: ClusterOrder;
  readonly links: Links;
  readonly breaks: (what: string) => void;
}

async function startCluster({ home, order, links, breaks }: Start): Promise<LocalCluster> {
  const { spec, seed, log, signal } = order;
  // PostgreSQL runs as a user of its own when we are root, and must be let in.
  await chmod(home, 0o755);
  return startLocalCluster({
    servers: spec.servers.length,
    balancers: spec.balancers,
    strategy: spec.strategy,
    probeMs: spec.probeMs,
    seed,
    database: { kind: 'embedded', directory: join(home, 'database'), persistent: false },
    logDirectory: order.logDirectory ?? join(home, 'logs'),
    ...splitSettings(spec.server),
    via: (from, to, address) => links.via(`${from}-${to}`, address),
    log,
    died: (death) => breaks(describeDeath(death)),
    signal,
  });
}

async function clusterOf(
  { local, throttle, links, clock, fromMs }: Parts,
  { spec, signal }: ClusterOrder,
): Promise<Cluster> {
  const shares = new Map(local.servers.map(({ name }, index) => [name, spec.servers[index]!.cpuShare]));
  const faults = createFaults({ local, throttle, links, clock, shares, signal });
  await faults.begin();
  return {
    clock,
    signal,
    start: { tookMs: performance.now() - fromMs, image: null },
    servers: local.servers.map(({ name }) => name),
    balancers: local.balancers.map(({ name }) => name),
    endpoints: local.endpoints,
    connect: (index) => createWsTransport({ origin: local.endpoints[index % local.endpoints.length]! }),
    apply: faults.apply,
    losses: () => [],
    sample: createSampling(watchedProcesses(local), clock),
    stored: (options) => readStored(local.database.url, options?.payloads),
  };
}
