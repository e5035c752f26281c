import { drawByWeight } from '../draw.ts';
import type { StrategyEntry } from '../strategy.ts';

/**
 * Each decision independently: P(server) = weight / sum of weights. No parameters, no memory, no signal.
 * With n connections on n servers the fullest holds about ln n / ln ln n (Mitzenmacher, "The power of two choices in
 * randomized load balancing", 2001).
 */
export const random: StrategyEntry = {
  rule: 'Any server, with a probability in proportion to its weight.',
  advice:
    'Needs no state and does not mind many balancers or stale signals. Uneven in the short run, and blind: a slow server gets as much as the others.',
  weighted: true,
  create: (world) => ({
    pick: (candidates) => drawByWeight(candidates, world.random.next())?.id ?? null,
  }),
};
