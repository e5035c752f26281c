import type { Random } from '../../../system/index.ts';

/** Draws an index, each as likely as its weight says. */
export type Picker = (random: Random) => number;

/** At least one weight must be above zero. One draw, then a search in the running sums. */
export function createPicker(weights: Float64Array): Picker {
  const sums = new Float64Array(weights.length);
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    total += weights[i]!;
    sums[i] = total;
  }
  return (random) => firstAbove(sums, random.next() * total);
}

/** Zipf's law: the weight of rank r (from 1) is 1 / r^skew; 0 makes all equal. */
export function zipfWeights(count: number, skew: number): Float64Array {
  return Float64Array.from({ length: count }, (_, index) => (index + 1) ** -skew);
}

// ---

/** Index of the first sum above `value`. */
function firstAbove(sums: Float64Array, value: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sums[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
