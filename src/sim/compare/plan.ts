/** The plan of a comparison: pure, from the seed. */
import { z } from 'zod';
import { createSeededRandom, type Random } from '../../system/index.ts';
import { againLine } from '../engine/record.ts';
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
  /** The scenario, a name or a file, and the options, as typed; left out by older versions. */
  asked: z.strictObject({ scenario: z.string(), typed: z.string() }).optional(),
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

/** The command that makes the whole comparison again. */
export function againOf(plan: ComparisonPlan): string {
  const { seed, strategies, trials, baseline } = plan;
  const { scenario, typed } = askedOf(plan);
  const choice = `--strategies ${strategies.join(',')} --trials ${trials} --baseline ${baseline}`;
  return againLine({ command: 'compare', scenario, seed, typed: `${choice} ${typed}`.trim() });
}

/** The command that makes one of its runs again. */
export function againOfRun(plan: ComparisonPlan, { seed }: Block, strategy: string): string {
  const { scenario, typed } = askedOf(plan);
  return againLine({ command: 'run', scenario, seed, typed: `--strategy ${strategy} ${typed}`.trim() });
}

// ---

function askedOf({ asked, scenario }: ComparisonPlan): NonNullable<ComparisonPlan['asked']> {
  return asked ?? { scenario: scenario.name, typed: '' };
}

/** Fisher–Yates. */
function shuffle<T>(items: readonly T[], random: Random): readonly T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
