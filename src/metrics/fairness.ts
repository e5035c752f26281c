import type { Fairness } from './run.ts';

/**
 * Jain's index (Σx)² / (n Σx²), 1 when all are equal and 1/n when one has everything (Jain, Chiu, Hawe, DEC-TR-301, 1984),
 * and the largest over the mean. Nothing to share is shared evenly: both are 1.
 */
export function fairnessOf(values: readonly number[]): Fairness {
  const total = values.reduce((sum, value) => sum + value, 0);
  if (total <= 0) return { jain: 1, maxOverMean: 1 };
  const squares = values.reduce((sum, value) => sum + value * value, 0);
  return {
    jain: (total * total) / (values.length * squares),
    maxOverMean: (Math.max(...values) * values.length) / total,
  };
}
