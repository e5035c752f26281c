import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDutyCycle } from '../../../src/sim/backends/processes/duty-cycle.ts';

/** Plays a cycle for `totalMs`, each phase `delayMs` longer than asked, and answers the share of time that ran. */
function play(share: number, totalMs: number, delayMs: () => number = () => 0): number {
  const cycle = createDutyCycle(share, 0);
  let nowMs = 0;
  let ranMs = 0;
  while (nowMs < totalMs) {
    const { run, forMs } = cycle.next(nowMs);
    const tookMs = Math.min(forMs + delayMs(), totalMs - nowMs);
    if (run) ranMs += tookMs;
    nowMs += tookMs;
  }
  return ranMs / totalMs;
}

describe('a duty cycle', () => {
  it('lets a process run for its share of the time', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 0.95, noNaN: true }), (share) => {
        expect(Math.abs(play(share, 20_000) - share)).toBeLessThan(0.01);
      }),
    );
  });

  it('keeps the share although every timer is late', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.2, max: 0.8, noNaN: true }),
        fc.infiniteStream(fc.double({ min: 0, max: 6, noNaN: true })),
        (share, delays) => {
          expect(Math.abs(play(share, 20_000, () => delays.next().value) - share)).toBeLessThan(0.02);
        },
      ),
    );
  });

  it('changes often enough to look like a slow machine, not like a stuttering one', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 0.95, noNaN: true }), (share) => {
        const cycle = createDutyCycle(share, 0);
        let nowMs = 0;
        for (let turn = 0; turn < 100; turn++) {
          const { forMs } = cycle.next(nowMs);
          expect(forMs).toBeLessThan(60);
          expect(forMs).toBeGreaterThanOrEqual(1);
          nowMs += forMs;
        }
      }),
    );
  });

  it('does not make a process pay for a long hiccup of the timekeeper', () => {
    const cycle = createDutyCycle(0.5, 0);
    cycle.next(0);
    cycle.next(20);
    const { run, forMs } = cycle.next(10_000);
    expect(run).toBe(false);
    expect(forMs).toBeLessThan(200);
  });

  it('is a standstill for a share of nothing and no hindrance for the whole', () => {
    expect(createDutyCycle(0, 0).next(5)).toEqual({ run: false, forMs: Number.POSITIVE_INFINITY });
    expect(createDutyCycle(1, 0).next(5)).toEqual({ run: true, forMs: Number.POSITIVE_INFINITY });
  });
});
