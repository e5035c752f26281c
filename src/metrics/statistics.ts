/** Few, noisy, paired trials: what may be said of a difference, and what not. Everything random is seeded. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

export type Interval = readonly [low: number, high: number];

/** Null of nothing. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of a sample (n - 1). */
export function standardDeviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

/** From this many values on the bootstrap of a median is used. */
export const bootstrapMin = 6;
/** With fewer there is no interval. */
export const intervalMin = 3;

/**
 * 95 % interval of the median of what the values are drawn from; null for fewer than `intervalMin`.
 *
 * From `bootstrapMin` values on: percentile bootstrap of the median (Efron 1979), 10,000 resamples. With fewer it is
 * degenerate: its ends are the smallest and largest value, which enclose the median only with probability 1 - 2^(1-n)
 * (75 % for 3, 87.5 % for 4, 94 % for 5), so that three lucky trials would "show" a difference one time in four.
 * There it is widened to enclose Student's 95 % interval, which asks of three values that they agree
 * within 40 % of what they tell.
 */
export function medianInterval(values: readonly number[], seed: number): Interval | null {
  if (values.length < intervalMin) return null;
  return values.length < bootstrapMin
    ? fewValuesInterval(values)
    : medianBootstrap({ size: values.length, seed, resamples: 10_000 })(values);
}

/** For the bands of pictures, one call for all points: the plain bootstrap, and of fewer than `bootstrapMin` values their range. */
export function medianBand(size: number, seed: number): (values: readonly number[]) => Interval {
  if (size < bootstrapMin) return (values) => [Math.min(...values), Math.max(...values)];
  return medianBootstrap({ size, seed, resamples: 1000 });
}

/**
 * Two-sided p of the paired differences under "each sign is as likely as the other" (Fisher's sign-flip permutation of
 * the sum): exact up to 15 pairs, else of 20,000 seeded flips, counting the observed one. It cannot be below 2^(1-n):
 * 0.25 for 3 pairs, 0.06 for 5. Null without pairs.
 */
export function signFlipP(differences: readonly number[], seed: number): number | null {
  const n = differences.length;
  if (n === 0) return null;
  const observed = Math.abs(differences.reduce((sum, value) => sum + value, 0));
  const scale = differences.reduce((sum, value) => sum + Math.abs(value), 0);
  const asExtreme = (isFlipped: (i: number) => boolean) => {
    const flipped = differences.reduce((sum, value, i) => sum + (isFlipped(i) ? -value : value), 0);
    return Math.abs(flipped) >= observed - scale * 1e-12;
  };
  if (n <= exactPairsMax) {
    const all = Array.from({ length: 2 ** n }, (_, signs) => asExtreme((i) => ((signs >> i) & 1) === 1));
    return all.filter(Boolean).length / all.length;
  }
  const random = xoroshiro128plus(seed);
  const hits = Array.from({ length: flipsSampled }, () => asExtreme(() => uniformInt(random, 0, 1) === 1));
  return (hits.filter(Boolean).length + 1) / (flipsSampled + 1);
}

/**
 * The smallest true difference that as many pairs with this scatter would have shown four times in five:
 * (t₀.₉₇₅ + t₀.₈₀) · s / √n with Student's t of n - 1 degrees (the usual approximation of the power of a paired test,
 * Lachin 1981); times √(π/2) where the interval is that of a median, which is by so much less sharp for normal scatter.
 * Null where there is no interval.
 */
export function smallestEffect(differences: readonly number[]): number | null {
  const n = differences.length;
  if (n < intervalMin) return null;
  const sharpness = n < bootstrapMin ? 1 : Math.sqrt(Math.PI / 2);
  const t = studentQuantile(0.975, n - 1) + studentQuantile(0.8, n - 1);
  return (t * sharpness * standardDeviation(differences)) / Math.sqrt(n);
}

/** Quantile of Student's t. Exact to three digits, from 1 degree of freedom on. */
export function studentQuantile(quantile: 0.8 | 0.975, degrees: number): number {
  const { z, few } = studentTables[quantile];
  return few[degrees - 1] ?? cornishFisher(z, degrees);
}

// ---

const exactPairsMax = 15;
const flipsSampled = 20_000;

/** Where the expansion below is not exact enough: 1 to 6 degrees of freedom. */
const studentTables = {
  0.8: { z: 0.8416, few: [1.3764, 1.0607, 0.9785, 0.941, 0.9195, 0.9057] },
  0.975: { z: 1.96, few: [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469] },
} as const;

/** Abramowitz and Stegun, 26.7.5. */
function cornishFisher(z: number, degrees: number): number {
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const third = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + first / degrees + second / degrees ** 2 + third / degrees ** 3;
}

/** How often each of the sorted values is drawn is drawn once, and serves for any values. */
function medianBootstrap(plan: {
  readonly size: number;
  readonly seed: number;
  readonly resamples: number;
}): (values: readonly number[]) => Interval {
  const { size, seed, resamples } = plan;
  const random = xoroshiro128plus(seed);
  const drawn = Array.from({ length: resamples }, () => drawCounts(size, random));
  return (values) => {
    const sorted = values.toSorted((a, b) => a - b);
    const medians = Float64Array.from(drawn, (counts) => resampledMedian(sorted, counts)).sort();
    return [medians[Math.floor(resamples * 0.025)]!, medians[Math.ceil(resamples * 0.975) - 1]!];
  };
}

/** `size` draws with replacement: how often each was drawn. */
function drawCounts(size: number, random: RandomGenerator): Uint16Array {
  const counts = new Uint16Array(size);
  for (let i = 0; i < size; i++) counts[uniformInt(random, 0, size - 1)]! += 1;
  return counts;
}

/** Walks to the middle one, or the middle two. */
function resampledMedian(sorted: readonly number[], counts: Uint16Array): number {
  const n = sorted.length;
  const [low, high] = [(n + 1) >> 1, (n >> 1) + 1];
  let passed = 0;
  let lower = Number.NaN;
  for (let i = 0; i < n; i++) {
    passed += counts[i]!;
    if (Number.isNaN(lower) && passed >= low) lower = sorted[i]!;
    if (passed >= high) return (lower + sorted[i]!) / 2;
  }
  return lower;
}

function fewValuesInterval(values: readonly number[]): Interval {
  const middle = mean(values);
  const half = (studentQuantile(0.975, values.length - 1) * standardDeviation(values)) / Math.sqrt(values.length);
  return [Math.min(middle - half, ...values), Math.max(middle + half, ...values)];
}
