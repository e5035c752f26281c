/** The plan of a comparison: pure, from the seed. */
import { z } from 'zod';
import { createSeededRandom, type Random } from '../../system/index.ts';
import { scenario } from '../scenario.ts';

/** `plan.json` of a comparison: enough to carry on where it stopped. */
export const comparisonPlan = z.strictObject({
  schema: z.literal(1),
  scenario,
  backend: z.string(),
  seed: z.int(),
  strategies: z.array(z.string()).min(1),
  baseline: z.string(),
  trials: z.int().min(1),
});
export type ComparisonPlan = z.output<typeof comparisonPlan>;

/** One trial of every arm on one trace. */
export interface Block {
  readonly block: number;
  /** Seed of the trace and of every chance in the block's runs: the same for all arms. */
  readonly seed: number;
  /** The arms in the order in which they run. */
  readonly order: readonly string[];
}

/**
 * Interleaved blocks: every arm once in each, in an order shuffled anew, so that a machine that grows slower or faster
 * meanwhile does so for all arms alike.
 */
export function blocksOf(plan: Pick<ComparisonPlan, 'seed' | 'strategies' | 'trials'>): readonly Block[] {
  return Array.from({ length: plan.trials }, (_, block) => {
    const random = createSeededRandom(plan.seed).fork(`block:${block}`);
    return { block, seed: Math.floor(random.next() * 2 ** 31), order: shuffle(plan.strategies, random) };
  });
}

// ---

/** Fisher–Yates. */
function shuffle<T>(items: readonly T[], random: Random): readonly T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
