import { Command } from 'commander';
import {
  createProgress,
  createRunDirectory,
  createWriter,
  type FinishedRun,
  junitOfRun,
} from '../../../metrics/index.ts';
import { createLog } from '../../../system/node.ts';
import { againLine, runId } from '../../engine/record.ts';
import { runScenario } from '../../engine/run.ts';
import { exitStatus, interrupted, worstStatus } from '../exit.ts';
import { Interrupted, interruptible } from '../interrupt.ts';
import { type JunitFile, openJunitFile } from '../junit-file.ts';
import { progressUpdates } from '../progress.ts';
import { renderRun } from '../render.ts';
import {
  addScenarioOptions,
  checkStrategy,
  type Resolved,
  resolveScenario,
  type ScenarioOptions,
} from '../scenario-options.ts';

interface RunOptions extends ScenarioOptions {
  readonly strategy?: string;
  readonly junit?: string;
}

export function runCommand(): Command {
  const command = new Command('run')
    .description('Run scenarios, judge them, and write a report of each.')
    .argument('<scenario...>', 'names (see `nawaab list scenarios`) or files')
    .option('--strategy <name>', 'the balancing strategy')
    .option('--junit <file>', 'also write the verdicts of all scenarios into one file, as JUnit XML');
  return addScenarioOptions(command)
    .addHelpText('after', examples)
    .action(async (names: string[], options: RunOptions) => {
      process.exitCode = worstStatus(await runAll(names, options));
    });
}

// ---

const examples = `
Examples:
  nawaab run steady-chat
  nawaab run server-crash --backend virtual --seed 7
  nawaab run steady-chat --users 500 --set pace.perSec=1000 --duration 30s`;

async function runAll(names: readonly string[], options: RunOptions): Promise<number[]> {
  if (options.strategy !== undefined) checkStrategy(options.strategy);
  const extra = options.strategy === undefined ? {} : { 'cluster.strategy': options.strategy };
  const resolved = await Promise.all(names.map((name) => resolveScenario(name, options, extra)));
  const junit = openJunitFile(options.junit);
  return interruptible(async (signal) => {
    const statuses: number[] = [];
    for (const [index, one] of resolved.entries()) {
      if (signal.aborted) break;
      statuses.push(await runOne(one, options, { index: index + 1, count: resolved.length }, signal, junit));
    }
    return statuses;
  });
}

async function runOne(
  resolved: Resolved,
  options: RunOptions,
  step: { readonly index: number; readonly count: number },
  signal: AbortSignal,
  junit: JunitFile,
): Promise<number> {
  const { asked, scenario, backend, seed, reportsRoot, typed } = resolved;
  const id = runId(new Date(), seed);
  const directory = createRunDirectory(reportsRoot, scenario.name, id);
  const strategy = options.strategy === undefined ? '' : `--strategy ${options.strategy}`;
  const again = againLine({ command: 'run', scenario: asked, seed, typed: `${strategy} ${typed}`.trim() });
  const out = createWriter({ directory: directory.path, stream: process.stdout, env: process.env });
  out.print(`${scenario.name} on ${backend.name}, strategy ${scenario.cluster.strategy}, seed ${seed}\n`);
  const progress = createProgress({ ...out, terminal: process.stdout.isTTY === true && !options.headless });
  try {
    const run = await runScenario({
      scenario,
      seed,
      backend,
      directory,
      id,
      again,
      workers: options.workers,
      log: createLog({ component: 'laboratory', level: 'warn', destination: `${directory.path}/laboratory.log` }),
      signal,
      watch: progressUpdates(progress, scenario.users, step.count > 1 ? { ...step, label: scenario.name } : undefined),
    });
    progress.done();
    junit.add(junitOfRun(run));
    await renderRun(run, out);
    return statusOf(run);
  } catch (error) {
    progress.done();
    junit.failed(scenario.name, error);
    if (!(error instanceof Interrupted)) throw error;
    out.print(`Interrupted. What was recorded is in ${directory.path}.\n`);
    return interrupted;
  }
}

function statusOf(run: FinishedRun): number {
  return exitStatus[run.summary.verdict];
}
