/** From the runs of several arms on equal traces to a comparison. */
import type { Comparison } from '../comparison.ts';
import { worseInstrument } from '../instrument.ts';
import { bootstrapMin, intervalMin } from '../statistics.ts';
import { comparisonArm, isUsable } from './arms.ts';
import { type ArmSummaries, compareMetric } from './differences.ts';
import { comparedMetrics, findingsOf } from './findings.ts';
import { type ArmRun, type ComparisonInput, completeBlocks, runsOf } from './runs.ts';

export type { ArmRun, ComparisonInput } from './runs.ts';

/**
 * Compares each arm with the baseline, paired by block. Only blocks that every arm finished count, and a run whose
 * instrument was INVALID counts as not measured. Throws when there is no run at all or the baseline is no arm.
 */
export function compareRuns(input: ComparisonInput): Comparison {
  const { arms, baseline, directory, seed, again } = input;
  const first = input.runs[0]?.run;
  if (!first) throw new Error('There is nothing to compare: no run was finished.');
  if (!arms.includes(baseline)) throw new Error(`The baseline "${baseline}" is not one of ${arms.join(', ')}.`);
  const blocks = completeBlocks(input);
  const counted = arms.flatMap((arm) => runsOf(input, arm, blocks));
  const metrics = comparedMetrics
    .map((name) => compareMetric(name, { arms: arms.map((arm) => summariesOf(input, arm, blocks)), baseline, seed }))
    .filter((metric) => metric.arms.some((arm) => arm.median !== null));
  return {
    schema: 1,
    scenario: first.record.scenario,
    backend: first.record.backend,
    startedAt: input.runs.map(({ run }) => run.record.startedAt).sort()[0]!,
    seed,
    baseline,
    blocks: blocks.map((block) => blockOf(counted, block)),
    arms: arms.map((arm) => comparisonArm(arm, runsOf(input, arm, blocks), { directory, seed })),
    metrics,
    findings: findingsOf(metrics, counted, baseline),
    instrument: input.runs.map(({ run }) => run.summary.instrument).reduce(worseInstrument),
    ...verdictOf(input, blocks),
    again,
    machine: first.record.machine,
    versions: first.record.versions,
    notes: notesOf(input, counted, { trials: blocks.length, looked: metrics.flatMap((one) => one.differences).length }),
  };
}

// ---

function summariesOf(input: ComparisonInput, arm: string, blocks: readonly number[]): ArmSummaries {
  const runs = runsOf(input, arm, blocks);
  return { name: arm, summaries: runs.map(({ run }) => (isUsable(run) ? run.summary : null)) };
}

function blockOf(runs: readonly ArmRun[], block: number): Comparison['blocks'][number] {
  const { run, order } = runs.find((one) => one.block === block)!;
  return { block, traceHash: run.record.traceHash, order };
}

/** The worst verdict of any run decides; without a block that every arm finished nothing was compared. */
function verdictOf({ runs }: ComparisonInput, blocks: readonly number[]): Pick<Comparison, 'verdict' | 'reasons'> {
  const poor = runs.filter(({ run }) => run.summary.verdict !== 'pass');
  const reasons = [
    ...(blocks.length === 0 ? ['no block was finished by every arm'] : []),
    ...poor.map(({ arm, block, run }) => `${arm}, block ${block}: ${run.summary.reasons[0] ?? run.summary.verdict}`),
  ];
  const failed = poor.some(({ run }) => run.summary.verdict === 'fail');
  return { verdict: failed ? 'fail' : reasons.length > 0 ? 'unknown' : 'pass', reasons };
}

function notesOf(
  input: ComparisonInput,
  counted: readonly ArmRun[],
  { trials, looked }: { readonly trials: number; readonly looked: number },
): string[] {
  const own = input.runs.flatMap(({ run }) => run.record.notes);
  return [...new Set([...own, ...trialNotes(trials), ...chanceNotes(trials, looked), ...traceNotes(counted)])];
}

function trialNotes(trials: number): string[] {
  if (trials >= bootstrapMin) return [];
  if (trials < intervalMin)
    return [`${trials} trials of each arm are too few to tell a difference from chance; ${intervalMin} are the least.`];
  return [
    `With ${trials} trials of each arm only large differences can be shown: the intervals are Student's, and a permutation test cannot go below p = ${2 ** (1 - trials)}.`,
  ];
}

/** One in twenty intervals misses the truth. */
function chanceNotes(trials: number, looked: number): string[] {
  const byChance = Math.round(looked / 20);
  if (trials < intervalMin || byChance === 0) return [];
  return [
    `${looked} differences were looked at; of so many, about ${byChance} would be shown by chance alone if there were none.`,
  ];
}

function traceNotes(runs: readonly ArmRun[]): string[] {
  const byBlock = Map.groupBy(runs, ({ block }) => block);
  return [...byBlock]
    .filter(([, ofBlock]) => new Set(ofBlock.map(({ run }) => run.record.traceHash)).size > 1)
    .map(([block]) => `The runs of block ${block} met different traces, so a difference may be that of the traces.`);
}
