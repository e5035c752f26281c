/** Cuts the measure phase short when a threshold with `abortOnFail` is broken. */
import { createThresholdWatch, type EndedEarly, type RunRecord, type ThresholdWatch } from '../../metrics/index.ts';
import type { Cancel, Clock, Ms } from '../../system/index.ts';

export interface EarlyEnd {
  /** To hear all that is recorded; null when no threshold is to end the run. */
  readonly heard: ThresholdWatch | null;
  /** From now, the start of the measure phase: resolves with null when `over` does, or before with what was broken. */
  unless(over: Promise<unknown>): Promise<EndedEarly | null>;
}

export function createEarlyEnd(order: {
  readonly thresholds: readonly string[];
  readonly clock: Clock;
  readonly runStartMs: Ms;
  readonly record: () => RunRecord;
}): EarlyEnd {
  const { clock, runStartMs, record } = order;
  const watch = createThresholdWatch(order.thresholds);
  if (watch === null) return { heard: null, unless: (over) => over.then(() => null) };

  return {
    heard: watch,
    async unless(over) {
      const measureFromMs = clock.now() - runStartMs;
      let cancel: Cancel = () => undefined;
      const broken = new Promise<EndedEarly>((resolve) => {
        const look = (): void => {
          const found = watch.broken({ record: record(), measureFromMs, nowMs: clock.now() - runStartMs });
          if (found) resolve(found);
          else cancel = clock.after(lookEveryMs, look);
        };
        cancel = clock.after(lookEveryMs, look);
      });
      try {
        return await Promise.race([over.then(() => null), broken]);
      } finally {
        cancel();
      }
    },
  };
}

// ---

const lookEveryMs = 1000;
