/** Turns the engine's running totals into rates for the live line. */
import type { Progress, ProgressUpdate } from '../../metrics/index.ts';
import type { RunProgress } from '../engine/run.ts';

export function progressUpdates(
  progress: Progress,
  users: number,
  step?: ProgressUpdate['step'],
): (now: RunProgress) => void {
  let last: RunProgress | null = null;
  return (now) => {
    const perSec = (pick: 'offered' | 'accepted' | 'delivered'): number => {
      const seconds = last === null ? 0 : (now.elapsedMs - last.elapsedMs) / 1000;
      return seconds <= 0 ? 0 : ((now.totals?.[pick] ?? 0) - (last?.totals?.[pick] ?? 0)) / seconds;
    };
    progress.update({
      phase: phaseOf(now),
      elapsedMs: now.elapsedMs,
      totalMs: now.totalMs,
      users: now.totals?.connected ?? users,
      offeredPerSec: perSec('offered'),
      acceptedPerSec: perSec('accepted'),
      deliveredPerSec: perSec('delivered'),
      p99Ms: now.totals?.p99Ms ?? null,
      errors: now.totals?.errors ?? 0,
      faults: now.faults,
      ...(step === undefined ? {} : { step }),
    });
    last = now;
  };
}

// ---

/** Until users are set up, with how long the cluster before them took. */
function phaseOf({ phase, start }: RunProgress): string {
  const early = phase === 'start' || phase === 'setup';
  return early && start ? `setup (cluster started in ${(start.tookMs / 1000).toFixed(1)} s)` : phase;
}
