/** Runs a comparison: every strategy on equal traces, interleaved in blocks; carries on where it was interrupted. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Comparison,
  compareRuns,
  type FinishedRun,
  openRunDirectory,
  type RunDirectory,
  readRun,
} from '../../metrics/index.ts';
import type { Log } from '../../system/index.ts';
import type { Backend } from '../backends/backend.ts';
import { type RunProgress, runScenario } from '../engine/run.ts';
import { applyOverrides, parseScenario } from '../load-scenario.ts';
import { Problem } from '../problem.ts';
import { readJson } from '../read-json.ts';
import { againOf, againOfRun, type Block, blocksOf, type ComparisonPlan, comparisonPlan } from './plan.ts';

export interface ComparisonOrder {
  readonly plan: ComparisonPlan;
  readonly backend: Backend;
  /** The comparison's own folder; the runs stand in `runs/` inside. */
  readonly directory: string;
  readonly workers: number;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly watch: (step: Step) => (now: RunProgress) => void;
  /** Hears of each run that has ended. */
  readonly finished: (step: Step, run: FinishedRun) => Promise<void>;
}

/** One run of the matrix; `index` counts from 1. */
export interface Step {
  readonly index: number;
  readonly count: number;
  readonly block: Block;
  readonly strategy: string;
}

const planFile = 'plan.json';

/** Resolves with the comparison of all blocks that every arm finished. Runs that are there already are not run again. */
export async function runComparison(order: ComparisonOrder): Promise<Comparison> {
  const { plan, directory } = order;
  writeWhole(join(directory, planFile), plan);
  const runs: { arm: string; block: number; order: readonly string[]; run: FinishedRun }[] = [];
  for (const step of stepsOf(plan)) {
    order.signal.throwIfAborted();
    const run = await finishedRun(order, step);
    runs.push({ arm: step.strategy, block: step.block.block, order: step.block.order, run });
    await order.finished(step, run);
  }
  return compareRuns({
    runs,
    arms: plan.strategies,
    baseline: plan.baseline,
    directory,
    seed: plan.seed,
    again: againOf(plan),
  });
}

/** The plan of a comparison that was interrupted. */
export function readPlan(directory: string): ComparisonPlan {
  const path = join(directory, planFile);
  if (!existsSync(path)) throw new Problem(`${directory} is not the folder of a comparison: it has no ${planFile}.`);
  const result = comparisonPlan.safeParse(readJson(path));
  if (!result.success) throw new Problem(`${path} was written by another version and cannot be continued.`);
  return result.data;
}

// ---

function stepsOf(plan: ComparisonPlan): readonly Step[] {
  const count = plan.trials * plan.strategies.length;
  return blocksOf(plan)
    .flatMap((block) => block.order.map((strategy) => ({ block, strategy })))
    .map((step, index) => ({ ...step, index: index + 1, count }));
}

async function finishedRun(order: ComparisonOrder, step: Step): Promise<FinishedRun> {
  const id = `${step.block.block}-${step.strategy}`;
  const path = join(order.directory, 'runs', id);
  const before = await completeRun(path);
  if (before) return before;
  // What an interrupted run left is kept beside the new one, not mixed with it.
  if (existsSync(path)) renameSync(path, `${path}-interrupted-${Date.now()}`);
  mkdirSync(path, { recursive: true });
  return runScenario({
    scenario: parseScenario(
      applyOverrides(order.plan.scenario, { 'cluster.strategy': step.strategy }),
      order.plan.scenario.name,
    ),
    seed: step.block.seed,
    backend: order.backend,
    directory: openRunDirectory(path) satisfies RunDirectory,
    id,
    again: againOfRun(order.plan, step.block, step.strategy),
    workers: order.workers,
    log: order.log,
    signal: order.signal,
    watch: order.watch(step),
  });
}

async function completeRun(path: string): Promise<FinishedRun | null> {
  if (!existsSync(join(path, 'summary.json'))) return null;
  const run = await readRun(path);
  return run.record.complete ? run : null;
}

function writeWhole(path: string, value: unknown): void {
  writeFileSync(`${path}.draft`, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(`${path}.draft`, path);
}
