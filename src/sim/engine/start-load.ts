/** Puts the simulated users of a run to work: in worker threads where the cluster has addresses, else in this thread. */
import { createHistoryWriter, createLineWriter, historyPath } from '../../metrics/index.ts';
import { createSeededRandom, type Ms } from '../../system/index.ts';
import type { Cluster } from '../backends/backend.ts';
import { createCrowd, sessionDefaults } from '../users/crowd.ts';
import { createLoad } from '../users/load.ts';
import { runTag } from '../users/names.ts';
import { createSecondsRecorder } from '../users/seconds.ts';
import type { Trace } from '../users/trace.ts';
import type { Load } from './load.ts';
import type { RunOrder } from './run.ts';

export interface LoadOrder {
  readonly order: RunOrder;
  readonly trace: Trace;
  readonly cluster: Cluster;
  readonly runStartMs: Ms;
}

export async function startLoad(load: LoadOrder): Promise<Load> {
  return inlineLoad(load);
}

// ---

/** The one crowd of an inline load is worker 0. */
const inlineWorker = 0;

function inlineLoad({ order, trace, cluster, runStartMs }: LoadOrder): Load {
  const { directory, seed, scenario, log } = order;
  const histograms = createLineWriter(directory.path, 'histograms', inlineWorker);
  const counts = createLineWriter(directory.path, 'counts', inlineWorker);
  const instrument = createLineWriter(directory.path, 'instrument', inlineWorker);
  const history = scenario.history ? createHistoryWriter(historyPath(directory.path, inlineWorker)) : null;
  const random = createSeededRandom(seed).fork('users');
  const crowd = createCrowd(
    {
      trace,
      users: Uint32Array.from({ length: trace.users }, (_, user) => user),
      tag: runTag(seed),
      runStartMs,
      session: sessionDefaults,
    },
    {
      clock: cluster.clock,
      random,
      log,
      transportFor: (user) => cluster.connect(user, random.fork(`transport:${user}`)),
      history: history ?? { add: () => undefined },
      seconds: createSecondsRecorder(inlineWorker, {
        histograms: (lines) => histograms.write(lines),
        counts: (lines) => counts.write(lines),
        instrument: (lines) => instrument.write(lines),
      }),
      vitals: null,
    },
  );
  const load = createLoad({ crowds: [crowd], clock: cluster.clock, users: trace.users });
  return {
    ...load,
    async stop() {
      await load.stop();
      await Promise.all([histograms, counts, instrument, history].map((writer) => writer?.close()));
    },
  };
}
