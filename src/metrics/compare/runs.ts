import type { FinishedRun } from '../run.ts';

/** One run of a comparison. */
export interface ArmRun {
  readonly arm: string;
  /** Runs of one block met the same trace. */
  readonly block: number;
  /** The order in which the arms of the block ran. */
  readonly order: readonly string[];
  readonly run: FinishedRun;
}

export interface ComparisonInput {
  readonly runs: readonly ArmRun[];
  readonly arms: readonly string[];
  readonly baseline: string;
  /** The comparison's own folder; those of the runs are named relative to it. */
  readonly directory: string;
  readonly seed: number;
  /** The command that runs it again. */
  readonly again: string;
}

/** Blocks, ascending, of which every arm has a complete run. */
export function completeBlocks({ runs, arms }: ComparisonInput): number[] {
  const complete = runs.filter(({ run }) => run.record.complete);
  const blocks = [...new Set(complete.map(({ block }) => block))].sort((a, b) => a - b);
  return blocks.filter((block) => arms.every((arm) => complete.some((one) => one.block === block && one.arm === arm)));
}

/** The complete run of an arm in each of the blocks. */
export function runsOf({ runs }: ComparisonInput, arm: string, blocks: readonly number[]): ArmRun[] {
  return blocks.map((block) => runs.find((one) => one.block === block && one.arm === arm && one.run.record.complete)!);
}
