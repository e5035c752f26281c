import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pace } from '../../../../src/sim/scenario.ts';
import { expectedSends, poissonArrivals } from '../../../../src/sim/users/trace/pace.ts';
import { createSeededRandom } from '../../../../src/system/index.ts';

const paces: [string, Pace][] = [
  ['constant', { kind: 'constant', perSec: 2000 }],
  ['rising', { kind: 'ramp', fromPerSec: 0, toPerSec: 4000 }],
  ['falling', { kind: 'ramp', fromPerSec: 4000, toPerSec: 0 }],
  [
    'stepped',
    {
      kind: 'step',
      steps: [
        { perSec: 0, share: 1 },
        { perSec: 4000, share: 2 },
        { perSec: 1000, share: 1 },
      ],
    },
  ],
];
const durationMs = 20_000;

describe.each(paces)('a %s pace', (_, pace) => {
  const moments = poissonArrivals(pace, durationMs, createSeededRandom(3));

  it('gives ascending moments within the time', () => {
    expect(moments.every((at, i) => at >= (moments[i - 1] ?? 0) && at < durationMs)).toBe(true);
  });

  it.each([0.1, 0.25, 0.5, 0.75, 0.9, 1])('is followed up to %d of the time', (share) => {
    const atMs = share * durationMs;
    const expected = expectedSends(pace, durationMs, atMs);
    // Four standard deviations of a Poisson count.
    expect(Math.abs(moments.filter((at) => at < atMs).length - expected)).toBeLessThanOrEqual(4 * Math.sqrt(expected));
  });
});

describe('arrivals', () => {
  it('are as irregular as a Poisson process: the gaps vary as much as they are long', () => {
    const moments = poissonArrivals({ kind: 'constant', perSec: 1000 }, durationMs, createSeededRandom(5));
    const gaps = [...moments].map((at, i) => at - (moments[i - 1] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(deviation / mean).toBeGreaterThan(0.95);
    expect(deviation / mean).toBeLessThan(1.05);
  });

  it('are none when nothing is to be sent', () => {
    fc.assert(
      fc.property(fc.nat(1000), (ms) => {
        expect(poissonArrivals({ kind: 'constant', perSec: 0 }, ms, createSeededRandom(1))).toHaveLength(0);
        expect(poissonArrivals({ kind: 'ramp', fromPerSec: 0, toPerSec: 0 }, ms, createSeededRandom(1))).toHaveLength(
          0,
        );
        expect(poissonArrivals({ kind: 'constant', perSec: 10 }, 0, createSeededRandom(1))).toHaveLength(0);
      }),
    );
  });
});
