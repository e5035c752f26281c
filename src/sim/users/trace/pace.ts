import type { Random } from '../../../system/index.ts';
import type { Pace } from '../../scenario.ts';

/** A stretch of time in which the rate goes evenly from one value to another. Moments from the start of sending. */
interface Stretch {
  readonly fromMs: number;
  readonly lengthMs: number;
  readonly fromPerMs: number;
  readonly toPerMs: number;
}

/** Messages that the pace calls for in the first `atMs` of `durationMs`, on average. */
export function expectedSends(pace: Pace, durationMs: number, atMs: number = durationMs): number {
  return stretchesOf(pace, durationMs).reduce((sum, stretch) => {
    const elapsedMs = Math.min(Math.max(atMs - stretch.fromMs, 0), stretch.lengthMs);
    const rise = (stretch.toPerMs - stretch.fromPerMs) / stretch.lengthMs;
    return sum + elapsedMs * (stretch.fromPerMs + (rise * elapsedMs) / 2);
  }, 0);
}

/**
 * Moments of a Poisson process whose rate follows the pace, ascending, in milliseconds from the start of sending. Nobody
 * waits for anybody: the moments are fixed before the first message is sent.
 */
export function poissonArrivals(pace: Pace, durationMs: number, random: Random): Float64Array {
  const mean = expectedSends(pace, durationMs);
  let moments = new Float64Array(Math.ceil(mean + 6 * Math.sqrt(mean)) + 16);
  let count = 0;
  let due = exponential(random);
  for (const stretch of stretchesOf(pace, durationMs)) {
    const sends = ((stretch.fromPerMs + stretch.toPerMs) / 2) * stretch.lengthMs;
    for (; due < sends; due += exponential(random)) {
      if (count === moments.length) moments = grown(moments);
      moments[count++] = stretch.fromMs + momentOf(due, stretch);
    }
    due -= sends;
  }
  return moments.slice(0, count);
}

/** Exponential with mean 1. */
export function exponential(random: Random): number {
  return -Math.log(1 - random.next());
}

// ---

function stretchesOf(pace: Pace, durationMs: number): Stretch[] {
  if (durationMs <= 0) return [];
  switch (pace.kind) {
    case 'constant':
      return [evenStretch(0, durationMs, pace.perSec)];
    case 'ramp':
      return [{ fromMs: 0, lengthMs: durationMs, fromPerMs: pace.fromPerSec / 1000, toPerMs: pace.toPerSec / 1000 }];
    case 'step': {
      const shares = pace.steps.reduce((sum, step) => sum + step.share, 0);
      let fromMs = 0;
      return pace.steps.map(({ perSec, share }) => {
        const stretch = evenStretch(fromMs, (durationMs * share) / shares, perSec);
        fromMs += stretch.lengthMs;
        return stretch;
      });
    }
  }
}

function evenStretch(fromMs: number, lengthMs: number, perSec: number): Stretch {
  return { fromMs, lengthMs, fromPerMs: perSec / 1000, toPerMs: perSec / 1000 };
}

/**
 * When the expected number of sends of a stretch reaches `due`: the root of `from·t + rise·t²/2 = due`, in the form that
 * loses no digits when the rise is small.
 */
function momentOf(due: number, { fromPerMs, toPerMs, lengthMs }: Stretch): number {
  const rise = (toPerMs - fromPerMs) / lengthMs;
  return (2 * due) / (fromPerMs + Math.sqrt(Math.max(0, fromPerMs ** 2 + 2 * rise * due)));
}

function grown(moments: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(moments.length * 2);
  larger.set(moments);
  return larger;
}
