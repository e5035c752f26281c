import { resolve } from 'node:path';
import { Command } from 'commander';
import {
  type Comparison,
  createProgress,
  createRunDirectory,
  createWriter,
  junitOfComparison,
  type Writer,
} from '../../../metrics/index.ts';
import { createLog } from '../../../system/node.ts';
import type { ComparisonPlan } from '../../compare/plan.ts';
import { readPlan, runComparison, type Step } from '../../compare/run-comparison.ts';
import { runId } from '../../engine/record.ts';
import { Problem, unknownName } from '../../problem.ts';
import { exitStatus, interrupted } from '../exit.ts';
import { Interrupted, interruptible } from '../interrupt.ts';
import { openJunitFile } from '../junit-file.ts';
import { parseCount, parseList } from '../options.ts';
import { progressUpdates } from '../progress.ts';
import { renderComparison, renderRunFiles } from '../render.ts';
import {
  addScenarioOptions,
  checkStrategy,
  chooseBackend,
  resolveScenario,
  type ScenarioOptions,
} from '../scenario-options.ts';

interface CompareOptions extends ScenarioOptions {
  readonly strategies?: readonly string[];
  readonly trials?: number;
  readonly baseline?: string;
  readonly resume?: string;
  readonly junit?: string;
}

export function compareCommand(): Command {
  const command = new Command('compare')
    .description(
      'Run one scenario under several strategies, interleaved on equal traces, and compare them with intervals.',
    )
    .argument('[scenario]', 'a name (see `nawaab list scenarios`) or a file; not needed with --resume')
    .option('--strategies <a,b,c>', "what to compare (default: the scenario's own list)", parseList('--strategies'))
    .option('--trials <n>', "runs of each strategy (default: the scenario's)", parseCount('--trials'))
    .option('--baseline <name>', 'what the others are held against (default: the first)')
    .option('--resume <folder>', 'carry on an interrupted comparison')
    .option('--junit <file>', 'also write the verdicts of all trials as JUnit XML');
  return addScenarioOptions(command)
    .addHelpText('after', examples)
    .action(async (scenario: string | undefined, options: CompareOptions) => {
      process.exitCode = await compare(await planOf(scenario, options), options);
    });
}

// ---

const examples = `
Examples:
  nawaab compare strategy-comparison
  nawaab compare steady-chat --strategies cpu,least-connections --trials 6 --baseline cpu
  nawaab compare --resume reports/strategy-comparison/20260102-030405-7`;

interface Planned {
  readonly plan: ComparisonPlan;
  readonly directory: string;
}

async function planOf(name: string | undefined, options: CompareOptions): Promise<Planned> {
  if (options.resume !== undefined) {
    const directory = resolve(options.resume);
    return { plan: readPlan(directory), directory };
  }
  if (name === undefined)
    throw new Problem('compare needs a scenario, for example: nawaab compare strategy-comparison.');
  const { scenario, backend, seed, reportsRoot, typed } = await resolveScenario(name, options);
  const strategies = options.strategies ?? scenario.strategies;
  if (strategies.length < 2)
    throw new Problem(`${name} names no strategies to compare; name at least two: --strategies cpu,random.`);
  strategies.forEach(checkStrategy);
  const baseline = options.baseline ?? strategies[0]!;
  if (!strategies.includes(baseline)) throw unknownName('strategy to be the baseline', baseline, strategies);
  const plan: ComparisonPlan = {
    schema: 1,
    scenario,
    backend: backend.name,
    seed,
    strategies: [...strategies],
    baseline,
    trials: options.trials ?? scenario.trials,
    asked: { scenario: name, typed },
  };
  return { plan, directory: createRunDirectory(reportsRoot, scenario.name, runId(new Date(), seed)).path };
}

async function compare({ plan, directory }: Planned, options: CompareOptions): Promise<number> {
  const { workers, headless = false } = options;
  const junit = openJunitFile(options.junit);
  const out = createWriter({ directory, stream: process.stdout, env: process.env });
  out.print(
    `${plan.scenario.name} on ${plan.backend}: ${plan.strategies.join(', ')}; ${plan.trials} trials each, interleaved; seed ${plan.seed}\n`,
  );
  try {
    const comparison = await interruptible((signal) => carryOut({ plan, directory }, workers, headless, out, signal));
    junit.add(junitOfComparison(comparison));
    await renderComparison(comparison, directory, out);
    return exitStatus[comparison.verdict];
  } catch (error) {
    junit.failed(plan.scenario.name, error);
    if (!(error instanceof Interrupted)) throw error;
    out.print(`Interrupted. To carry on: npx nawaab compare --resume ${directory}\n`);
    return interrupted;
  }
}

async function carryOut(
  { plan, directory }: Planned,
  workers: number,
  headless: boolean,
  out: Writer,
  signal: AbortSignal,
): Promise<Comparison> {
  const progress = createProgress({ ...out, terminal: process.stdout.isTTY === true && !headless });
  const label = (step: Step) => ({
    index: step.index,
    count: step.count,
    label: `${step.strategy} #${step.block.block + 1}`,
  });
  try {
    return await runComparison({
      plan,
      backend: chooseBackend(plan.backend),
      directory,
      workers,
      log: createLog({ component: 'laboratory', level: 'warn', destination: `${directory}/laboratory.log` }),
      signal,
      watch: (step) => progressUpdates(progress, plan.scenario.users, label(step)),
      finished: (_, run) => renderRunFiles(run),
    });
  } finally {
    progress.done();
  }
}
