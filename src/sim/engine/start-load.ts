/** Puts the simulated users of a run to work: in worker threads where the cluster has addresses, else in this thread. */
import { createSeededRandom, type Ms } from '../../system/index.ts';
import { createNodeCiphers } from '../../system/node.ts';
import type { Cluster } from '../backends/backend.ts';
import { createCrowd } from '../users/crowd.ts';
import { sessionDefaults } from '../users/crowd-contract.ts';
import { openCrowdFiles } from '../users/crowd-files.ts';
import { startCrowdWorkers } from '../users/crowd-workers.ts';
import { encryptionOf } from '../users/encryption.ts';
import { createLoad } from '../users/load.ts';
import { runTag } from '../users/names.ts';
import { createSecondsRecorder, type LineSinks } from '../users/seconds.ts';
import type { Trace } from '../users/trace/trace.ts';
import type { Load } from './load.ts';
import type { RunOrder } from './run.ts';

export interface LoadOrder {
  readonly order: RunOrder;
  readonly trace: Trace;
  readonly cluster: Cluster;
  readonly runStartMs: Ms;
  /** Hears what is recorded as it is written; null when nobody does. */
  readonly heard: LineSinks | null;
}

export function startLoad(load: LoadOrder): Load {
  return load.cluster.endpoints.length > 0 ? threadedLoad(load) : inlineLoad(load);
}

// ---

function threadedLoad({ order, trace, cluster, runStartMs, heard }: LoadOrder): Load {
  const { scenario, seed, directory, workers, log } = order;
  const crowds = startCrowdWorkers({
    scenario,
    seed,
    workers,
    endpoints: cluster.endpoints,
    directory: directory.path,
    tag: runTag(seed, order.tenant),
    runStartMs,
    session: sessionDefaults,
    heard,
    log,
  });
  return createLoad({ crowds, clock: cluster.clock, users: trace.users });
}

/** The one crowd of an inline load is worker 0. */
const inlineWorker = 0;

function inlineLoad({ order, trace, cluster, runStartMs, heard }: LoadOrder): Load {
  const { directory, seed, scenario, log } = order;
  const files = openCrowdFiles({ directory: directory.path, worker: inlineWorker, history: scenario.history, heard });
  const random = createSeededRandom(seed).fork('users');
  const users = Uint32Array.from({ length: trace.users }, (_, user) => user);
  const crowd = createCrowd(
    { trace, users, crowds: 1, tag: runTag(seed, order.tenant), runStartMs, session: sessionDefaults },
    {
      clock: cluster.clock,
      random,
      log,
      transportFor: (user) => cluster.connect(user, random.fork(`transport:${user}`)),
      ciphers: createNodeCiphers(),
      encryption: encryptionOf(scenario, { random, isVirtual: true }),
      history: files.history,
      seconds: createSecondsRecorder(inlineWorker, files),
      vitals: null,
    },
  );
  const load = createLoad({ crowds: [crowd], clock: cluster.clock, users: trace.users });
  return {
    ...load,
    async stop() {
      await load.stop();
      await files.close();
    },
  };
}
