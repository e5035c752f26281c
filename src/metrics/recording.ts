/** What a run recorded, read back from its folder and checked. */
import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createHistogram, latencySummary } from './histogram.ts';
import type { ComponentSample, CountLine, HistogramLine, HttpLine, InstrumentLine, RunRecord, Summary } from './run.ts';
import { type LineFiles, recordFile, summaryFile } from './run-directory.ts';
import {
  componentSampleSchema,
  countLineSchema,
  histogramLineSchema,
  httpLineSchema,
  instrumentLineSchema,
  runRecordSchema,
  versionSchema,
} from './schemas.ts';
import { recordOf } from './series.ts';

export interface Recording {
  readonly directory: string;
  readonly record: RunRecord;
  readonly histograms: readonly HistogramLine[];
  readonly counts: readonly CountLine[];
  /** In the order of time. */
  readonly samples: readonly ComponentSample[];
  readonly instrument: readonly InstrumentLine[];
  /** Empty where nobody sent any. */
  readonly http: readonly HttpLine[];
  /** Files to give to `readHistory`; empty when none was recorded. */
  readonly histories: readonly string[];
  /** Null when the run was not concluded. */
  readonly summary: Summary | null;
}

/** Throws one sentence when the folder is no run, when a file breaks its shape, or when a newer version wrote it. */
export function readRecording(directory: string): Recording {
  const names = fileNames(directory);
  const record = readJson(join(directory, recordFile), runRecordSchema);
  const lines = <K extends keyof LineFiles>(name: K, schema: z.ZodType<LineFiles[K]>) =>
    names
      .filter((file) => file.startsWith(name) && file.endsWith('.jsonl'))
      .flatMap((file) => readLines(join(directory, file), schema));
  return {
    directory,
    record,
    histograms: lines('histograms', histogramLineSchema),
    counts: lines('counts', countLineSchema),
    samples: lines('samples', componentSampleSchema).sort((a, b) => a.tMs - b.tMs),
    instrument: lines('instrument', instrumentLineSchema),
    http: lines('http', httpLineSchema),
    histories: names.filter((file) => /^history.*\.bin$/.test(file)).map((file) => join(directory, file)),
    summary: names.includes(summaryFile) ? readJson(join(directory, summaryFile), summarySchema) : null,
  };
}

// ---

const schemaNow = 1;

/** Only what tells a summary from another file: it is ours, whole (written at once) and of a known version. */
const summarySchema = z
  .custom<Summary>(
    (value) =>
      z.looseObject({ verdict: z.string(), latency: z.looseObject({}), counts: z.looseObject({}) }).safeParse(value)
        .success,
    'not a summary',
  )
  .transform(completed);

/** With what an earlier version did not measure yet. */
function completed(summary: Summary): Summary {
  const nothing = recordOf(() => latencySummary(createHistogram()));
  return { ...summary, extra: summary.extra ?? {}, latency: { ...nothing, ...summary.latency } };
}

function fileNames(directory: string): string[] {
  try {
    const entries: Dirent[] = readdirSync(directory, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
    if (names.includes(recordFile)) return names.sort();
  } catch (error) {
    throw new Error(`${directory} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
  throw new Error(`${directory} is not the folder of a run: it has no ${recordFile}.`);
}

function readJson<T>(path: string, schema: z.ZodType<T>): T {
  const value = parse(readFileSync(path, 'utf8'), path);
  const version = versionSchema.safeParse(value);
  if (version.success && version.data.schema > schemaNow) {
    throw new Error(
      `${path} was written by a newer version (schema ${version.data.schema}, known up to ${schemaNow}); read it with that version.`,
    );
  }
  return check(value, schema, path);
}

/** The last line of a killed run may be cut short; it is left out. */
function readLines<T>(path: string, schema: z.ZodType<T>): T[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop();
  return lines.map((line, index) => check(parse(line, `${path}:${index + 1}`), schema, `${path}:${index + 1}`));
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${where} is not JSON: ${(error as Error).message}.`, { cause: error });
  }
}

function check<T>(value: unknown, schema: z.ZodType<T>, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new Error(`${where} has a wrong shape: ${issue?.path.join('.') || 'the whole'}: ${issue?.message}.`);
}
