/** Shapes of the files of a run, checked when they are read. The types they must have are in `run.ts`. */
import { z } from 'zod';
import { type ExtraCountName, extraCountNames } from './extra-counts.ts';
import {
  type ComponentSample,
  type CountLine,
  type HistogramLine,
  type HttpLine,
  type InstrumentLine,
  operations,
  type RunRecord,
} from './run.ts';

const count = z.int().min(0);
const text = z.string();

export const runRecordSchema: z.ZodType<RunRecord> = z.object({
  schema: z.literal(1),
  id: text,
  scenario: z.object({ name: text, description: text }),
  resolved: z.unknown(),
  seed: z.number(),
  traceHash: text,
  backend: text,
  strategy: text,
  mode: text,
  encryption: text,
  startedAt: text,
  complete: z.boolean(),
  aborted: text.nullable(),
  endedEarly: z.object({ threshold: text, actual: z.number(), atMs: z.number() }).exactOptional(),
  losses: z.array(z.object({ part: text, atMs: z.number(), words: text })).exactOptional(),
  start: z
    .object({ tookMs: z.number(), image: z.object({ builtMs: z.number().nullable() }).nullable() })
    .exactOptional(),
  versions: z.record(text, text),
  machine: z.object({ cpus: z.number(), cpuModel: text, memoryBytes: z.number(), os: text }),
  phases: z.array(
    z.object({
      name: z.enum(['setup', 'ramp', 'warmup', 'measure', 'drain']),
      fromMs: z.number(),
      toMs: z.number(),
    }),
  ),
  faults: z.array(
    z.object({
      kind: text,
      target: text,
      fromMs: z.number(),
      toMs: z.number().nullable(),
      effective: z.boolean(),
      proof: text,
    }),
  ),
  servers: z.array(text),
  again: text,
  notes: z.array(text),
});

export const histogramLineSchema: z.ZodType<HistogramLine> = z.object({
  operation: z.enum(operations),
  second: count,
  server: text,
  worker: count,
  hdr: text,
});

export const countLineSchema: z.ZodType<CountLine> = z.object({
  second: count,
  worker: count,
  offered: count,
  sent: count,
  accepted: count,
  refused: count,
  delivered: count,
  expected: z.int(),
  connected: count,
  disconnects: count,
  extra: z.partialRecord(z.enum(extraCountNames as [ExtraCountName, ...ExtraCountName[]]), count).exactOptional(),
});

export const componentSampleSchema: z.ZodType<ComponentSample> = z.object({
  tMs: z.number(),
  name: text,
  role: z.enum(['server', 'balancer', 'database', 'generator']),
  cpuFraction: z.number(),
  cpuMicros: z.number().nullable(),
  rssBytes: z.number().nullable(),
  eventLoopP99Ms: z.number().nullable(),
  sessions: z.number().nullable(),
  acceptedPerSec: z.number().nullable(),
  deliveredPerSec: z.number().nullable(),
  // Runs of earlier versions did not sample it.
  presencePerSec: z.number().nullable().default(null),
  inFlight: z.number().nullable(),
  throttledFraction: z.number().exactOptional(),
  receivedBytesPerSec: z.number().exactOptional(),
  sentBytesPerSec: z.number().exactOptional(),
});

export const httpLineSchema: z.ZodType<HttpLine> = z.object({
  second: count,
  due: count,
  answers: z.record(text, count),
  retryAfter: count,
});

export const instrumentLineSchema: z.ZodType<InstrumentLine> = z.object({
  second: count,
  worker: count,
  slipP99Ms: z.number(),
  slipMaxMs: z.number(),
  late: count,
  sends: count,
  eventLoopP99Ms: z.number(),
  cpuFraction: z.number(),
});

/** Tells an older or newer file from a damaged one before the rest is looked at. */
export const versionSchema = z.looseObject({ schema: z.number() });
