import type { Random } from '../../ports.ts';
import { drawByWeight } from '../draw.ts';
import type { ServerView, Strategy, StrategyEntry } from '../strategy.ts';

export interface TwoChoicesSettings {
  /** Distinct servers drawn per decision, at least 1. Default 2; more gains little (1 is `random`). */
  readonly d: number;
}

/**
 * `d` distinct servers are drawn by weight; the one with the fewest connections / weight is kept, the first drawn among
 * equals. The fullest of n servers is then about ln ln n / ln d above the mean, instead of ln n / ln ln n for one
 * choice (Azar et al. 1994; Mitzenmacher 2001). Drawn by weight as in nginx `random two least_conn`.
 */
export const twoChoices: StrategyEntry = {
  rule: 'Of two servers drawn at random (by weight), the one with fewer connections for its weight.',
  advice:
    'Nearly as even as least-connections, and robust where that one herds: with several balancers, stale counts, or a new server among old ones.',
  weighted: true,
  create: (world) => createTwoChoices(world.random, { d: 2 }),
};

export function createTwoChoices(random: Random, { d }: TwoChoicesSettings): Strategy {
  return {
    pick(candidates) {
      const drawn = drawDistinct(candidates, d, random);
      return drawn.reduce<ServerView | null>((best, next) => lighter(best, next), null)?.id ?? null;
    },
  };
}

// ---

function drawDistinct(candidates: readonly ServerView[], count: number, random: Random): readonly ServerView[] {
  const drawn: ServerView[] = [];
  while (drawn.length < Math.min(count, candidates.length)) {
    const rest = candidates.filter((server) => !drawn.includes(server));
    drawn.push(drawByWeight(rest, random.next())!);
  }
  return drawn;
}

function lighter(best: ServerView | null, next: ServerView): ServerView {
  if (best === null) return next;
  return next.connections / next.weight < best.connections / best.weight ? next : best;
}
