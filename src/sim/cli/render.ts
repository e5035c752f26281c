/** Writes every view of a finished run or comparison, then the summary for the terminal. */
import { join } from 'node:path';
import {
  type Comparison,
  comparisonReporters,
  createWriter,
  type FinishedRun,
  reporters,
  type Writer,
} from '../../metrics/index.ts';

export async function renderRun(run: FinishedRun, out: Writer): Promise<void> {
  await renderRunFiles(run);
  await reporters.console.reporter(run, out);
  out.print(`Report: ${join(run.directory, 'report.html')}\n`);
}

/** Only the files in the run's own folder. */
export async function renderRunFiles(run: FinishedRun): Promise<void> {
  const own = createWriter({ directory: run.directory, stream: process.stdout, env: process.env });
  for (const [name, entry] of Object.entries(reporters)) {
    if (name !== 'console') await entry.reporter(run, own);
  }
}

export async function renderComparison(comparison: Comparison, directory: string, out: Writer): Promise<void> {
  for (const [name, entry] of Object.entries(comparisonReporters)) {
    if (name !== 'console') await entry.reporter(comparison, out);
  }
  await comparisonReporters.console.reporter(comparison, out);
  out.print(`Report: ${join(directory, 'report.html')}\n`);
}
