import type { ServerView } from './strategy.ts';

/** One candidate with probability weight / sum of weights; null when there are none. `fraction` is uniform in [0, 1). */
export function drawByWeight(candidates: readonly ServerView[], fraction: number): ServerView | null {
  const total = candidates.reduce((sum, server) => sum + server.weight, 0);
  let left = fraction * total;
  for (const server of candidates) {
    left -= server.weight;
    if (left < 0) return server;
  }
  // Rounding may leave a grain after the last one.
  return candidates.at(-1) ?? null;
}
