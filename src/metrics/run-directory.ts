/** The folder of a run: `reports/<scenario>/<id>/`. Written while the run lasts, so that a killed run can be read. */

import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ComponentSample, CountLine, HistogramLine, HttpLine, InstrumentLine, RunRecord, Summary } from './run.ts';

/** Which lines stand in which files; each is read as `<name>*.jsonl`. */
export interface LineFiles {
  readonly histograms: HistogramLine;
  readonly counts: CountLine;
  readonly samples: ComponentSample;
  readonly http: HttpLine;
  readonly instrument: InstrumentLine;
}

export interface RunDirectory {
  readonly path: string;
  writeRecord(record: RunRecord): void;
  writeSummary(summary: Summary): void;
}

/**
 * Makes the folder (its parents too) and points `<scenario>/latest` at it. Throws one sentence when it exists already
 * or cannot be made.
 */
export function createRunDirectory(reportsRoot: string, scenarioName: string, id: string): RunDirectory {
  const parent = resolve(reportsRoot, scenarioName);
  const path = join(parent, id);
  try {
    mkdirSync(parent, { recursive: true });
    mkdirSync(path);
  } catch (error) {
    throw new Error(`The folder of the run cannot be made: ${(error as Error).message}.`, { cause: error });
  }
  pointLatest(parent, id);
  return openRunDirectory(path);
}

/** For a folder that exists. */
export function openRunDirectory(path: string): RunDirectory {
  return {
    path,
    writeRecord: (record) => writeJson(join(path, recordFile), record),
    writeSummary: (summary) => writeJson(join(path, summaryFile), summary),
  };
}

export const recordFile = 'run.json';
export const summaryFile = 'summary.json';

/** Where one worker (its number) or another part of the laboratory (its name) records its events. */
export function historyPath(directory: string, part: number | string): string {
  return join(directory, `history-${part}.bin`);
}

export interface LineWriter<T> {
  write(lines: readonly T[]): void;
  /** Rejects with one sentence when a line could not be written. */
  close(): Promise<void>;
}

/** Appends lines to the file of one part, in the order of `write`, without blocking. */
export function createLineWriter<K extends keyof LineFiles>(
  directory: string,
  name: K,
  part: number | string,
): LineWriter<LineFiles[K]> {
  const path = join(directory, `${name}-${part}.jsonl`);
  let failure: Error | null = null;
  let tail = Promise.resolve();
  return {
    write(lines) {
      if (lines.length === 0) return;
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      tail = tail
        .then(() => appendFile(path, text))
        .catch((error: Error) => {
          failure ??= error;
        });
    },
    async close() {
      await tail;
      if (failure !== null) throw new Error(`${path} is not complete: ${failure.message}.`, { cause: failure });
    },
  };
}

// ---

/** Whole or not at all: a reader never meets half a file. */
function writeJson(path: string, value: unknown): void {
  const draft = `${path}.draft`;
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(draft, path);
}

/** A convenience: on file systems without links it is left out. */
function pointLatest(parent: string, id: string): void {
  const draft = join(parent, `.latest-${id}`);
  try {
    symlinkSync(id, draft);
    renameSync(draft, join(parent, 'latest'));
  } catch {
    rmSync(draft, { force: true });
  }
}
