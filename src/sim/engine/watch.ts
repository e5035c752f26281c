/** Tells how far a run is, twice a second. */
import type { Cluster } from '../backends/backend.ts';
import type { RunOrder, RunProgress } from './run.ts';

/** Ends with the function that it answers. */
export function watchRun(
  order: RunOrder,
  cluster: Cluster,
  runStartMs: number,
  look: () => Omit<RunProgress, 'elapsedMs' | 'totalMs'>,
): () => void {
  const totalMs = plannedMs(order);
  let cancel = (): void => undefined;
  const tick = (): void => {
    order.watch({ ...look(), elapsedMs: cluster.clock.now() - runStartMs, totalMs });
    cancel = cluster.clock.after(watchEveryMs, tick);
  };
  tick();
  return () => cancel();
}

/** Before there is a cluster to be watched. */
export function tellStart(order: RunOrder): void {
  order.watch({ phase: 'start', elapsedMs: 0, totalMs: plannedMs(order), totals: null, faults: [], start: null });
}

// ---

function plannedMs({ scenario: { rampMs, warmupMs, measureMs } }: RunOrder): number {
  return setupGuessMs + rampMs + warmupMs + measureMs + drainGuessMs;
}

const watchEveryMs = 500;
/** Only for the estimate of the time left. */
const setupGuessMs = 1500;
const drainGuessMs = 500;
