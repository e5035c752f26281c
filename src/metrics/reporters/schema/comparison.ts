/** The published shape of `comparison.json`. */
import { z } from 'zod';
import type { Comparison } from '../../comparison.ts';
import { operations } from '../../run.ts';
import { instrumentSchema } from './summary.ts';

const share = z.number().describe('Share of all servers, mean over the trials');

const distributionPoint = z.strictObject({
  quantile: z.number().min(0).max(1),
  ms: z.number().describe('Median over the trials'),
  low: z.number().describe('Lower end of the bootstrap 95 % band'),
  high: z.number().describe('Upper end of the bootstrap 95 % band'),
});

const arm = z.strictObject({
  name: z.string(),
  runs: z.array(
    z.strictObject({
      block: z.int(),
      directory: z.string().describe("Relative to the comparison's own folder"),
      verdict: z.string(),
      instrument: z.string(),
    }),
  ),
  distribution: z.record(z.enum(operations), z.array(distributionPoint)),
  servers: z.array(
    z.strictObject({
      name: z.string(),
      rateShare: share,
      sessionShare: share,
      cpuFraction: z.number(),
      cpuShare: share,
    }),
  ),
});

const difference = z.strictObject({
  arm: z.string(),
  difference: z
    .number()
    .nullable()
    .describe("Median of the paired differences (arm minus baseline), in the metric's unit"),
  interval: z.tuple([z.number(), z.number()]).nullable().describe('Bootstrap 95 % interval of it'),
  relative: z.number().nullable().describe("Relative to the baseline's median"),
  p: z.number().nullable().describe('Two-sided paired permutation test'),
  smallestEffect: z.number().nullable().describe('Smallest true difference that would have shown four times in five'),
  shown: z.enum(['better', 'worse', 'none']),
  words: z.string(),
});

const metric = z.strictObject({
  metric: z.string(),
  unit: z.string(),
  better: z.enum(['lower', 'higher']),
  arms: z.array(
    z.strictObject({ name: z.string(), values: z.array(z.number().nullable()), median: z.number().nullable() }),
  ),
  differences: z.array(difference),
});

export const comparisonSchema = z.strictObject({
  schema: z.literal(1),
  scenario: z.strictObject({ name: z.string(), description: z.string() }),
  backend: z.string(),
  startedAt: z.string().describe('ISO 8601'),
  seed: z.number(),
  baseline: z.string(),
  blocks: z.array(z.strictObject({ block: z.int(), traceHash: z.string(), order: z.array(z.string()) })),
  arms: z.array(arm),
  metrics: z.array(metric),
  findings: z.array(z.string()),
  instrument: instrumentSchema.describe('The worst of all trials'),
  verdict: z.enum(['pass', 'fail', 'unknown']),
  reasons: z.array(z.string()),
  again: z.string().describe('The command that runs it again'),
  machine: z.strictObject({ cpus: z.number(), cpuModel: z.string(), memoryBytes: z.number(), os: z.string() }),
  versions: z.record(z.string(), z.string()),
  notes: z.array(z.string()),
}) satisfies z.ZodType<Comparison>;
