/** Writes every view of a finished run or comparison, then the summary for the terminal. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Comparison,
  comparisonReporters,
  createWriter,
  type FinishedRun,
  reporters,
  type Writer,
} from '../../metrics/index.ts';

/** `junit`: a file that the JUnit report is written to besides the run's folder. */
export async function renderRun(run: FinishedRun, out: Writer, junit?: string): Promise<void> {
  await renderRunFiles(run);
  if (junit !== undefined)
    await reporters.junit.reporter(run, { ...out, file: (_, content) => writeFile(junit, content) });
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
