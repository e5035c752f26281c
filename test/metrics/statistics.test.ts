import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import { median, medianInterval, signFlipP, smallestEffect } from '../../src/metrics/index.ts';
import { standardDeviation, studentQuantile } from '../../src/metrics/statistics.ts';

describe('a median', () => {
  it.each([
    [[], null],
    [[3], 3],
    [[5, 1, 3], 3],
    [[4, 1, 3, 10], 3.5],
  ])('of %j is %s', (values, expected) => {
    expect(median(values)).toBe(expected);
  });
});

describe("Student's t", () => {
  it.each([
    [0.975, 2, 4.303],
    [0.975, 4, 2.776],
    [0.975, 7, 2.365],
    [0.975, 10, 2.228],
    [0.975, 30, 2.042],
    [0.8, 2, 1.061],
    [0.8, 7, 0.896],
    [0.8, 20, 0.86],
  ] as const)('has the %d quantile of %d degrees at %d', (quantile, degrees, expected) => {
    expect(studentQuantile(quantile, degrees)).toBeCloseTo(expected, 2);
  });
});

describe('the interval of a median', () => {
  it('is not told of fewer than three values', () => {
    expect(medianInterval([1, 2], 1)).toBeNull();
  });

  it('of three values is wider than they are: -0.48 to 4.48 for 1, 2 and 3', () => {
    const [low, high] = medianInterval([1, 2, 3], 1)!;
    expect(low).toBeCloseTo(2 - 4.3027 / Math.sqrt(3), 3);
    expect(high).toBeCloseTo(2 + 4.3027 / Math.sqrt(3), 3);
  });

  it('is the same for the same seed', () => {
    const values = draws(1, 12, normal);
    expect(medianInterval(values, 7)).toEqual(medianInterval(values, 7));
  });

  it.each([
    ['normal', 3, normal],
    ['normal', 5, normal],
    ['normal', 8, normal],
    ['normal', 12, normal],
    ['heavy-tailed', 3, doubleExponential],
    ['heavy-tailed', 8, doubleExponential],
  ] as const)('of %s differences covers the truth about 95 times in 100, with %d pairs', (_, pairs, draw) => {
    const trials = 200;
    let covered = 0;
    for (let trial = 0; trial < trials; trial++) {
      const [low, high] = medianInterval(draws(trial + 1, pairs, draw), trial)!;
      if (low <= 0 && high >= 0) covered += 1;
    }
    expect(covered / trials).toBeGreaterThanOrEqual(0.91);
    expect(covered / trials).toBeLessThanOrEqual(0.99);
  });
});

describe('the sign-flip test', () => {
  it.each([
    [[], null],
    [[1, 2, 3], 0.25],
    [[1, 2, 3, 4, 5], 0.0625],
    [[1, -1], 1],
    [[1, 2, 3, -6], 1],
    [[0, 0, 0], 1],
    [[1, 2, 3, 4], 0.125],
    [[-1, 2, 3, 4], 0.25],
  ])('of %j gives p = %s', (differences, p) => {
    expect(signFlipP(differences, 1)).toBe(p);
  });

  it('of many pairs is sampled: near 1 for balanced, tiny for one-sided differences', () => {
    const pairs = Array.from({ length: 20 }, (_, i) => i + 1);
    expect(
      signFlipP(
        pairs.map((size) => (size % 2 ? size : 1 - size)),
        1,
      ),
    ).toBeGreaterThan(0.9);
    expect(signFlipP(pairs, 1)).toBeLessThan(0.001);
  });
});

describe('the smallest effect', () => {
  it('is about the one that is shown four times in five', () => {
    for (const pairs of [4, 12]) {
      const effect = smallestEffectOfTruth(pairs);
      let shown = 0;
      for (let trial = 0; trial < 200; trial++) {
        const [low] = medianInterval(
          draws(trial + 1, pairs, normal).map((value) => value + effect),
          trial,
        )!;
        if (low > 0) shown += 1;
      }
      expect(shown / 200).toBeGreaterThan(0.68);
      expect(shown / 200).toBeLessThan(0.92);
    }
  });

  it('is not told where there is no interval', () => {
    expect(smallestEffect([1, 2])).toBeNull();
  });
});

// ---

type Draw = (random: () => number) => number;

function draws(seed: number, howMany: number, draw: Draw): number[] {
  const generator = xoroshiro128plus(seed * 2654435761);
  const random = () => uniformFloat64(generator);
  return Array.from({ length: howMany }, () => draw(random));
}

/** Box and Muller's. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function doubleExponential(random: () => number): number {
  return -Math.log(1 - random()) * (random() < 0.5 ? -1 : 1);
}

/** Of a sample whose standard deviation is exactly that of the truth. */
function smallestEffectOfTruth(pairs: number): number {
  const sample = draws(99, pairs, normal);
  return smallestEffect(sample)! / standardDeviation(sample);
}
