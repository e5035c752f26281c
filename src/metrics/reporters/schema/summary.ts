/** The published shape of `summary.json`; the compiler holds it to the type that the laboratory writes. */
import { z } from 'zod';
import { type ExtraCountName, extraCountNames } from '../../extra-counts.ts';
import { eventKinds, eventOps } from '../../history/event.ts';
import { operations, type Summary } from '../../run.ts';

const result = z.enum(['pass', 'fail', 'unknown']);
/** Milliseconds; null where too few samples stand behind the value. */
const latencyMs = z.number().nullable().describe('Milliseconds; null where too few samples stand behind it');
const share = z.number().describe('A fraction of one');
const perSec = z.number().describe('Per second, over the measure phase');
const coresUsed = z.number().describe('Cores used');

const fairness = z.strictObject({
  jain: z.number().describe("Jain's index: 1 is an equal share for each server"),
  maxOverMean: z.number().describe('Largest share over the mean'),
});

const latency = z.strictObject({
  count: z.int(),
  p50: latencyMs,
  p90: latencyMs,
  p99: latencyMs,
  p999: latencyMs,
  max: latencyMs,
  mean: latencyMs,
});

const event = z.strictObject({
  t: z.number().describe('Milliseconds since the start of the run'),
  actor: z.int().describe('Index of the user; -1 for the laboratory'),
  session: z.int().describe('Which connection of that user; 0 before the first'),
  kind: z.enum(eventKinds),
  op: z.enum(eventOps),
  conversation: z.int(),
  seq: z.int(),
  clientId: z.int(),
  peer: z.int().describe('The other user concerned; -1 if none'),
  detail: z.string(),
});

export const instrumentSchema = z.strictObject({
  state: z.enum(['VALID', 'DEGRADED', 'INVALID']),
  reasons: z.array(z.string()),
  slipP99Ms: z.number().describe('Actual minus intended moment of sending, 99th percentile, milliseconds'),
  lateShare: share.describe('Share of sends more than 10 ms late'),
  eventLoopP99Ms: z.number(),
  cpuFraction: coresUsed,
});

const cpuUs = z.number().nullable().describe('CPU microseconds per delivered message; null when not sampled');

export const summarySchema = z.strictObject({
  schema: z.literal(1),
  verdict: result,
  reasons: z.array(z.string()).describe('Why the verdict is not pass'),
  instrument: instrumentSchema,
  latency: z.record(z.enum(operations), latency),
  rates: z.strictObject({ offered: perSec, accepted: perSec, delivered: perSec }),
  counts: z.strictObject({
    users: z.int(),
    offered: z.int(),
    accepted: z.int(),
    refused: z.int(),
    unknown: z.int(),
    delivered: z.int(),
    lost: z.int(),
    duplicated: z.int(),
    reordered: z.int(),
    disconnects: z.int(),
  }),
  http: z
    .strictObject({
      due: z.int(),
      answers: z.record(z.string(), z.int()).describe('How many were answered with which status'),
      unanswered: z.int(),
      retryAfter: z.int().describe('Answers that said when to come again'),
      okPerSec: perSec,
    })
    .nullable()
    .describe('Requests over HTTP that were due in the measure phase; null when the scenario has none'),
  extra: z
    .partialRecord(
      z.enum(extraCountNames as [ExtraCountName, ...ExtraCountName[]]),
      z.strictObject({ count: z.int(), perSec }),
    )
    .describe('What else the scenario has, in the measure phase; empty when nothing'),
  servers: z.array(
    z.strictObject({
      name: z.string(),
      acceptedPerSec: perSec,
      deliveredPerSec: perSec,
      presencePerSec: perSec.describe('Frames that told of presence, per second'),
      sessions: z.number(),
      cpuFraction: coresUsed,
      rssBytes: z.number(),
      eventLoopP99Ms: z.number(),
    }),
  ),
  fairness: z.strictObject({ rate: fairness, sessions: fairness, cpu: fairness }),
  cpuUsPerMessage: z.strictObject({ server: cpuUs, balancer: cpuUs, database: cpuUs, generator: cpuUs }),
  checks: z.array(
    z.strictObject({
      check: z.string(),
      result,
      summary: z.string(),
      violations: z.int(),
      evidence: z.array(z.strictObject({ what: z.string(), timeline: z.array(event) })),
    }),
  ),
  thresholds: z.array(z.strictObject({ expression: z.string(), result, actual: z.number().nullable() })),
}) satisfies z.ZodType<Summary>;
