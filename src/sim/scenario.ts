/**
 * The Scenario contract. A scenario is data: the same value runs on child processes, in containers and in virtual time.
 * Everything but `name` and `description` has a default; durations are milliseconds. What a field means is said in the
 * schema, so that `nawaab list fields` and `docs/scenarios.md` say the same.
 */
import { z } from 'zod';
import { imageLimits, limits } from '../system/index.ts';
import { faultPlan } from './faults/fault.ts';

const duration = z.number().min(0);
const strategyName = z.string().min(1);

const serverSpec = z.strictObject({
  cpuShare: z
    .number()
    .min(0.05)
    .max(1)
    .default(1)
    .describe("Share of a core's time that the server may use; below 1 it is slowed from the start."),
  memoryMiB: z
    .int()
    .min(64)
    .max(1_048_576)
    .optional()
    .describe('Memory that the server may use; only containers can hold it to that. Left out: no limit.'),
});

/** Numbers of cores, as `0`, `2-3` or `0,2`. */
const coreList = z.string().regex(/^\d+(-\d+)?(,\d+(-\d+)?)*$/, 'Cores are written as "0", "2-3" or "0,2".');

const coresSpec = z.strictObject({
  database: coreList.optional().describe('Cores of the database, as `0`, `2-3` or `0,2`.'),
  balancers: coreList.optional().describe('Cores of all balancers together.'),
  servers: coreList.optional().describe('Cores of all servers together.'),
});

export const clusterSpec = z.strictObject({
  servers: z
    .array(serverSpec)
    .min(1)
    .max(64)
    .default(() => [1, 2, 3].map(() => serverSpec.parse({})))
    .describe('The chat servers, `s1`, `s2`, …: one object each, `{}` for one without limits.'),
  balancers: z
    .int()
    .min(1)
    .max(16)
    .default(1)
    .describe('How many balancers, `b1`, `b2`, …; users are spread over them.'),
  strategy: strategyName
    .default('least-connections')
    .describe('How a balancer chooses the server of a connection; see `nawaab list strategies`.'),
  mode: z.enum(['connection']).default('connection').describe('What is balanced: whole connections.'),
  cores: coresSpec
    .optional()
    .describe(
      'Which cores parts may run on; only containers can be held to them, and a part that is not named may run on all. Left out: from four cores on, the database has the first for itself, the balancers the second, the servers the others.',
    ),
  probeMs: z.number().min(50).default(1000).describe('How often a balancer probes each server.'),
  server: z
    .record(z.string(), z.union([z.number(), z.string(), z.boolean()]))
    .default({})
    .describe('Settings handed to every chat server; see docs/settings.md.'),
});
export type ClusterSpec = z.infer<typeof clusterSpec>;

const topology = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('pairs') }),
    z.strictObject({
      kind: z.literal('friends'),
      degree: z.int().min(1).max(100).describe('Direct conversations of each user.'),
    }),
    z.strictObject({
      kind: z.literal('groups'),
      count: z.int().min(1).describe('How many groups.'),
      size: z.int().min(2).max(1000).describe('Members of each, drawn at random.'),
      skew: z
        .number()
        .min(0)
        .max(4)
        .default(0)
        .describe("Messages fall on groups by Zipf's law with this exponent; 0: evenly."),
    }),
  ])
  .describe(
    'Who writes to whom. `pairs`: users 0-1, 2-3, … talk in direct conversations, both ways; `friends`: with users drawn at random; `groups`: in groups.',
  );
export type Topology = z.infer<typeof topology>;

const perSec = z.number().min(0).describe('Messages per second.');
const pace = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('constant'), perSec }),
    z.strictObject({
      kind: z.literal('ramp'),
      fromPerSec: z.number().min(0).describe('Messages per second at the beginning.'),
      toPerSec: z.number().min(0).describe('Messages per second at the end; it changes evenly.'),
    }),
    z.strictObject({
      kind: z.literal('step'),
      steps: z
        .array(
          z.strictObject({ perSec, share: z.number().gt(0).describe('How long, as a part of the sum of all shares.') }),
        )
        .min(1)
        .describe('One after the other.'),
    }),
  ])
  .describe(
    'Messages of all users together, over warm-up and measure: arrivals are Poisson, who sends is drawn by weight.',
  );
export type Pace = z.infer<typeof pace>;

const payloadSize = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('fixed'), bytes: z.int().min(32).max(45_000).describe('Of each.') }),
    z.strictObject({
      kind: z.literal('lognormal'),
      medianBytes: z.number().min(32).describe('Half of all are smaller.'),
      sigma: z.number().min(0).describe('Spread: the standard deviation of the logarithm.'),
      maxBytes: z.int().min(32).max(45_000).describe('Larger ones are cut to it.'),
    }),
  ])
  .describe('The size of messages.');
export type PayloadSize = z.infer<typeof payloadSize>;

const activity = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('even') }),
    z.strictObject({
      kind: z.literal('lognormal'),
      sigma: z.number().min(0).describe('Spread: the standard deviation of the logarithm.'),
    }),
  ])
  .describe('Who writes how much: all alike, or each at a lognormal rate, scaled so that the total is the pace.');
export type Activity = z.infer<typeof activity>;

export const scenario = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .describe('The name of its file.'),
  description: z.string().min(1).describe('What happens, in a sentence.'),
  cluster: clusterSpec.default(() => clusterSpec.parse({})),
  users: z.int().min(1).max(100_000).default(100).describe('How many people use it.'),
  topology: topology.default({ kind: 'pairs' }),
  pace: pace.default({ kind: 'constant', perSec: 50 }),
  activity: activity.default({ kind: 'even' }),
  payload: payloadSize.default({ kind: 'fixed', bytes: 300 }),
  rampMs: duration.default(3000).describe('Connects are spread over so long; 0: all at once.'),
  warmupMs: duration.default(3000).describe('Messages flow, and are not measured yet.'),
  measureMs: duration.default(10_000).describe('What is reported is measured here.'),
  drainMs: duration.default(15_000).describe('Longest wait for the last known message after the end of sending.'),
  churn: z
    .strictObject({
      stayMeanMs: z.number().gt(0).describe('Mean of the exponential time that a user stays connected.'),
      offlineMs: duration.describe('Until they connect again.'),
    })
    .optional()
    .describe('While messages flow, users come and go. Left out: they stay.'),
  away: z
    .strictObject({
      share: z.number().gt(0).max(1).describe('Share of the users that goes.'),
      fromMs: duration.describe('When, after sending starts.'),
      forMs: z.number().gt(0).describe('For how long.'),
    })
    .optional()
    .describe('Once, users drawn by the seed go away together and come back together. Left out: nobody does.'),
  turnover: z
    .strictObject({
      perSec: z.number().gt(0).describe('Changes in all groups together, about as many invitations as departures.'),
      leaveShare: z
        .number()
        .min(0)
        .max(1)
        .default(0.5)
        .describe('Share of the departures that leave; the others are removed.'),
    })
    .optional()
    .describe('While messages flow, members of groups come and go. Left out: all stay.'),
  signIns: z
    .strictObject({ perSec: z.int().min(1).max(1000).describe('At the same moment of each second.') })
    .optional()
    .describe('While messages flow, users sign in over HTTP from another device. Left out: nobody does.'),
  waves: z
    .strictObject({
      everyMs: z.number().gt(0).describe('From one wave to the next.'),
      share: z.number().gt(0).max(1).describe('Share of the users that goes.'),
      offlineMs: z.number().gt(0).describe('Until they come back together.'),
    })
    .optional()
    .describe(
      'In waves, users drawn by the seed go away together and come back together; only waves that end before sending does. Left out: there are none.',
    ),
  watch: z
    .strictObject({
      each: z
        .int()
        .min(1)
        .max(limits.presenceWatchMax - 100)
        .describe('How many others each user watches, of those they share a conversation with.'),
      strangers: z
        .int()
        .min(0)
        .max(100)
        .default(0)
        .describe('So many more are asked for, of whom nothing may be heard.'),
    })
    .optional()
    .describe('Users watch who is online. Left out: nobody watches.'),
  typing: z
    .strictObject({ forMs: z.number().gt(0).describe('For how long, before each message.') })
    .optional()
    .describe('Who is about to write is seen typing. Left out: nobody types.'),
  images: z
    .strictObject({
      perSec: z.number().gt(0).describe('Images per second, of all users together.'),
      medianBytes: z.number().min(100).describe('Half of all are smaller.'),
      sigma: z.number().min(0).describe('Spread: the standard deviation of the logarithm.'),
      maxBytes: z.int().min(100).max(imageLimits.bytesMax).describe('Larger ones are cut to it.'),
      strangerShare: z
        .number()
        .min(0)
        .max(1)
        .default(0.1)
        .describe('Of this share somebody who is no member tries to get them, and must not.'),
    })
    .optional()
    .describe('Encrypted images are sent; everybody who is told of one downloads it. Left out: there are none.'),
  encryption: z
    .enum(['none', 'modelled', 'mls'])
    .default('none')
    .describe(
      "`none`: payloads are opaque bytes, sent by bare sessions. `mls`: users have messengers, which encrypt; a payload's size is that of what they write. `modelled`: the same in bytes of the same sizes, without the cost.",
    ),
  faults: z.array(faultPlan).default([]).describe('What is broken, and when; see `nawaab list faults`.'),
  thresholds: z
    .array(z.string())
    .default([])
    .describe('What figures must keep, as `delivery.p99 < 250ms`; see docs/checks.md and `nawaab list metrics`.'),
  strategies: z.array(strategyName).default([]).describe('Strategies that `nawaab compare` takes when none are named.'),
  trials: z.int().min(1).max(1000).default(3).describe('Runs of each strategy in `nawaab compare`.'),
  history: z
    .boolean()
    .default(true)
    .describe('Record the history and judge it. Without it nothing can be said of loss.'),
});

/** A scenario as written, with defaults left out. */
export type ScenarioInput = z.input<typeof scenario>;
/** A scenario with every default filled in. */
export type Scenario = z.output<typeof scenario>;

/** For scenario files: checks the shape as you type; the file's name must be `name`. */
export function defineScenario(input: ScenarioInput): ScenarioInput {
  return input;
}
