import type { Cancel, Clock, Ms } from '../../system/index.ts';

export interface Schedule {
  /** Resolves after the last act, also when it was cancelled. */
  readonly done: Promise<void>;
  /**
   * Acts on what has become due by `nowMs`, a reading of the clock. For whoever is busy with a batch of other events: the
   * timer would have to wait for its end.
   */
  readonly catchUp: (nowMs: Ms) => void;
  readonly cancel: Cancel;
}

/**
 * Acts at moments that are fixed in advance, with one timer. Nothing is skipped and nobody is waited for: what is late is
 * done at once, and `act` hears how late it is.
 */
export function startSchedule(order: {
  readonly clock: Clock;
  /** Ascending, in milliseconds after `startMs`, a reading of the clock. */
  readonly atMs: Float64Array;
  readonly startMs: Ms;
  readonly act: (index: number, lateMs: Ms) => void;
}): Schedule {
  const { clock, atMs, startMs, act } = order;
  let next = 0;
  let cancelTimer: Cancel = () => {};
  let finish = (): void => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });

  const run = (): void => {
    while (next < atMs.length) {
      const lateMs = clock.now() - (startMs + atMs[next]!);
      if (lateMs < -earlyMsMax) {
        cancelTimer = clock.after(-lateMs, run);
        return;
      }
      act(next++, Math.max(0, lateMs));
    }
    finish();
  };
  cancelTimer = clock.after(0, run);

  return {
    done,
    catchUp: (nowMs) => {
      for (let dueMs = startMs + atMs[next]!; dueMs <= nowMs; dueMs = startMs + atMs[next]!) act(next++, nowMs - dueMs);
    },
    cancel: () => {
      cancelTimer();
      next = atMs.length;
      finish();
    },
  };
}

/** Looks every few milliseconds whether `isSo`; answers false when `boundMs` has passed. */
export function waitUntil(clock: Clock, boundMs: Ms, isSo: () => boolean): Promise<boolean> {
  const giveUpAt = clock.now() + boundMs;
  return new Promise((resolve) => {
    const look = (): void => {
      if (isSo()) resolve(true);
      else if (clock.now() >= giveUpAt) resolve(false);
      else clock.after(lookEveryMs, look);
    };
    look();
  });
}

const lookEveryMs = 10;
/** Below this the sum of a reading and a delay may be rounded to the same reading, and time would stand still. */
const earlyMsMax = 0.001;
