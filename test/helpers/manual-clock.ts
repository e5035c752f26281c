import type { Clock, Ms } from '../../src/system/ports.ts';

/** A clock that stands still until it is told to move on. */
export interface ManualClock extends Clock {
  /** Moves time on, runs what falls due in order, and lets promises settle after each step. */
  advance(byMs: Ms): Promise<void>;
  /** Waits that are pending; a stopped component must leave none. */
  readonly pending: number;
}

export function createManualClock(): ManualClock {
  let nowMs = 0;
  let order = 0;
  const waits = new Set<{ dueMs: Ms; order: number; run: () => void }>();

  const nextDue = (untilMs: Ms) =>
    [...waits].filter((wait) => wait.dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];

  return {
    now: () => nowMs,
    wall: () => 1_700_000_000_000 + nowMs,
    after(delay, run) {
      const wait = { dueMs: nowMs + Math.max(0, delay), order: order++, run };
      waits.add(wait);
      return () => void waits.delete(wait);
    },
    async advance(byMs) {
      const untilMs = nowMs + byMs;
      await settle();
      for (let wait = nextDue(untilMs); wait !== undefined; wait = nextDue(untilMs)) {
        waits.delete(wait);
        nowMs = Math.max(nowMs, wait.dueMs);
        wait.run();
        await settle();
      }
      nowMs = untilMs;
    },
    get pending() {
      return waits.size;
    },
  };
}

// ---

/** One turn of the event loop: every promise chain that can settle has settled then. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
