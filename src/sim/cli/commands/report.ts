import { basename, resolve } from 'node:path';
import { Command } from 'commander';
import {
  compareRuns,
  createRunDirectory,
  createWriter,
  type FinishedRun,
  junitOfComparison,
  junitOfRun,
  readRun,
} from '../../../metrics/index.ts';
import { runId } from '../../engine/record.ts';
import { Problem } from '../../problem.ts';
import { exitStatus } from '../exit.ts';
import { type JunitFile, openJunitFile } from '../junit-file.ts';
import { readComparison } from '../read-comparison.ts';
import { renderComparison, renderRun } from '../render.ts';

export function reportCommand(): Command {
  return new Command('report')
    .description('Render a run or a comparison again, or compare runs of any day; the first is the baseline.')
    .argument('<folder...>', 'folders of runs, or of one comparison')
    .option('--reports <folder>', 'where a new comparison is written', 'reports')
    .option('--junit <file>', 'also write the verdicts as JUnit XML')
    .addHelpText('after', examples)
    .action(async (folders: string[], options: { reports: string; junit?: string }) => {
      process.exitCode =
        folders.length === 1
          ? await renderAgain(resolve(folders[0]!), openJunitFile(options.junit))
          : await compareFolders(folders, options.reports, openJunitFile(options.junit));
    });
}

// ---

const examples = `
Examples:
  nawaab report reports/steady-chat/latest
  nawaab report reports/steady-chat/20260102-030405-7 reports/steady-chat/latest`;

async function renderAgain(directory: string, junit: JunitFile): Promise<number> {
  const out = createWriter({ directory, stream: process.stdout, env: process.env });
  const comparison = readComparison(directory);
  if (comparison !== null) {
    junit.add(junitOfComparison(comparison));
    await renderComparison(comparison, directory, out);
    return exitStatus[comparison.verdict];
  }
  const run = await read(directory);
  junit.add(junitOfRun(run));
  await renderRun(run, out);
  return exitStatus[run.summary.verdict];
}

/** Runs of equal traces are pairs; each folder is an arm named after itself. */
async function compareFolders(folders: readonly string[], reportsRoot: string, junit: JunitFile): Promise<number> {
  const runs = await Promise.all(folders.map((folder) => read(resolve(folder))));
  const arms = folders.map((folder, index) => `${runs[index]!.record.strategy} ${basename(resolve(folder))}`);
  if (new Set(arms).size < arms.length) throw new Problem('The same folder is named twice.');
  const seed = runs[0]!.record.seed;
  const { path } = createRunDirectory(resolve(reportsRoot), 'report', runId(new Date(), seed));
  const comparison = compareRuns({
    runs: runs.map((run, index) => ({ arm: arms[index]!, block: 0, order: arms, run })),
    arms,
    baseline: arms[0]!,
    directory: path,
    seed,
    again: `npx nawaab report ${folders.join(' ')}`,
  });
  junit.add(junitOfComparison(comparison));
  await renderComparison(comparison, path, createWriter({ directory: path, stream: process.stdout, env: process.env }));
  return exitStatus[comparison.verdict];
}

async function read(directory: string): Promise<FinishedRun> {
  try {
    return await readRun(directory);
  } catch (error) {
    throw new Problem(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
