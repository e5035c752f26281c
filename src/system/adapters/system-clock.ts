import type { Cancel, Clock, Ms } from '../ports.ts';
import { runNotBefore } from './not-before.ts';

/**
 * The machine's clock. `now` reads CLOCK_MONOTONIC (what `process.hrtime` reads) in milliseconds with fractions, so
 * readings of all processes and worker threads of one machine can be compared with each other.
 */
export function createSystemClock(): Clock {
  const offsetMs = monotonicOffsetMs();
  const now = () => performance.now() + offsetMs;
  return {
    now,
    wall: () => Date.now(),
    after: (delay, run) => (delay > 0 ? runNotBefore(now() + delay, now, run) : runSoon(run)),
  };
}

// ---

/**
 * `performance.now()` counts from the start of its own thread but is several times cheaper than `hrtime.bigint()`;
 * both read the same clock, so one constant turns the first into the second. The tightest of some readings is taken.
 */
function monotonicOffsetMs(): Ms {
  let best = { widthMs: Number.POSITIVE_INFINITY, offsetMs: 0 };
  for (let attempt = 0; attempt < 20; attempt++) {
    const before = performance.now();
    const monotonicMs = Number(process.hrtime.bigint()) / 1e6;
    const after = performance.now();
    const widthMs = after - before;
    if (widthMs < best.widthMs) best = { widthMs, offsetMs: monotonicMs - (before + after) / 2 };
  }
  return best.offsetMs;
}

function runSoon(run: () => void): Cancel {
  const immediate = setImmediate(run);
  return () => clearImmediate(immediate);
}
