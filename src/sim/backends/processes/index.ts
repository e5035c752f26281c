import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createSystemClock,
  createWsTransport,
  describeDeath,
  type LocalCluster,
  startLocalCluster,
} from '../../../system/node.ts';
import type { Backend, Cluster, ClusterOrder } from '../backend.ts';
import { createFaults } from './faults.ts';
import { folderPrefix, removeLeftovers } from './leftovers.ts';
import { createSampling } from './sampling.ts';
import { splitSettings } from './settings.ts';
import { readStored } from './stored.ts';
import { createThrottle, type Throttle } from './throttle.ts';

/** The laboratory's default world: real processes and a real PostgreSQL on this machine, nothing to install. */
export const processesBackend: Backend = {
  name: 'processes',
  description: 'Servers, balancers and PostgreSQL as processes of this machine, over loopback sockets.',
  // Windows has no way to stop a process for a while.
  cannot: new Set(process.platform === 'win32' ? ['pause', 'slow'] : []),
  run: async (order, work) => {
    await removeLeftovers(order.log);
    // Its name carries our process id, so that a later run can tell whether its owner still lives.
    const home = await mkdtemp(join(tmpdir(), `${folderPrefix}${process.pid}-`));
    try {
      return await runIn(home, order, work);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  },
};

// ---

async function runIn<T>(home: string, order: ClusterOrder, work: (cluster: Cluster) => Promise<T>): Promise<T> {
  const local = await startCluster(home, order);
  const throttle = createThrottle();
  try {
    const cluster = await clusterOf(local, order, throttle);
    return await unlessAborted(order.signal, work(cluster));
  } finally {
    await throttle.stop();
    await local.stop();
  }
}

async function startCluster(home: string, order: ClusterOrder): Promise<LocalCluster> {
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
    log,
    died: (death) => log.write('error', describeDeath(death)),
    signal,
  });
}

async function clusterOf(local: LocalCluster, { spec }: ClusterOrder, throttle: Throttle): Promise<Cluster> {
  const clock = createSystemClock();
  const shares = new Map(local.servers.map(({ name }, index) => [name, spec.servers[index]!.cpuShare]));
  const faults = createFaults({ local, throttle, clock, shares });
  await faults.begin();
  return {
    clock,
    servers: local.servers.map(({ name }) => name),
    endpoints: local.endpoints,
    connect: (index) => createWsTransport({ origin: local.endpoints[index % local.endpoints.length]! }),
    apply: faults.apply,
    sample: createSampling(local, clock),
    stored: () => readStored(local.database.url),
  };
}

/** Rejects with the signal's reason when that comes first; the work then goes on unheard until its cluster is gone. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
