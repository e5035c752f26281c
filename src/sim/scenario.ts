/**
 * The Scenario contract. A scenario is data: the same value runs on child processes, in containers and in virtual time.
 * Everything but `name` and `description` has a default (`scenarioDefaults`); durations are milliseconds.
 */
import { z } from 'zod';
import { imageLimits, limits } from '../system/index.ts';
import { faultPlan } from './faults/fault.ts';

const duration = z.number().min(0);
const strategyName = z.string().min(1);

const serverSpec = z.strictObject({
  /** Share of a core's time that the server may use, 0.05 to 1; below 1 it is slowed from the start. */
  cpuShare: z.number().min(0.05).max(1).default(1),
  /** Memory that the server may use, in MiB; only containers can hold it to that. Left out: no limit. */
  memoryMiB: z.int().min(64).max(1_048_576).optional(),
});

/** Numbers of cores, as `0`, `2-3` or `0,2`. */
const coreList = z.string().regex(/^\d+(-\d+)?(,\d+(-\d+)?)*$/, 'Cores are written as "0", "2-3" or "0,2".');

const coresSpec = z.strictObject({
  database: coreList.optional(),
  /** All of them together. */
  balancers: coreList.optional(),
  servers: coreList.optional(),
});

export const clusterSpec = z.strictObject({
  servers: z
    .array(serverSpec)
    .min(1)
    .max(64)
    .default(() => [1, 2, 3].map(() => serverSpec.parse({}))),
  balancers: z.int().min(1).max(16).default(1),
  strategy: strategyName.default('least-connections'),
  mode: z.enum(['connection']).default('connection'),
  /**
   * Which cores parts may run on; only containers can be held to them, and a part that is not named may run on all. Left out:
   * from four cores on, the database has the first for itself, the balancers the second, the servers the others.
   */
  cores: coresSpec.optional(),
  /** How often the balancer probes each server. */
  probeMs: z.number().min(50).default(1000),
  /** Settings handed to every chat server as they are; see `ServerSettings` in the system. */
  server: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).default({}),
});
export type ClusterSpec = z.infer<typeof clusterSpec>;

const topology = z.discriminatedUnion('kind', [
  /** Users 0-1, 2-3, … talk in direct conversations, both ways. */
  z.strictObject({ kind: z.literal('pairs') }),
  /** Each user has `degree` direct conversations with users drawn at random. */
  z.strictObject({ kind: z.literal('friends'), degree: z.int().min(1).max(100) }),
  /** `count` groups of `size` members drawn at random; messages fall on groups by Zipf's law with exponent `skew` (0: evenly). */
  z.strictObject({
    kind: z.literal('groups'),
    count: z.int().min(1),
    size: z.int().min(2).max(1000),
    skew: z.number().min(0).max(4).default(0),
  }),
]);
export type Topology = z.infer<typeof topology>;

const pace = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant'), perSec: z.number().min(0) }),
  z.strictObject({ kind: z.literal('ramp'), fromPerSec: z.number().min(0), toPerSec: z.number().min(0) }),
  z.strictObject({
    kind: z.literal('step'),
    steps: z.array(z.strictObject({ perSec: z.number().min(0), share: z.number().gt(0) })).min(1),
  }),
]);
/** Messages per second of *all* users together, over warm-up and measure; arrivals are Poisson, who sends is drawn by weight. */
export type Pace = z.infer<typeof pace>;

const payloadSize = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('fixed'), bytes: z.int().min(32).max(45_000) }),
  /** Lognormal, cut at `maxBytes`. */
  z.strictObject({
    kind: z.literal('lognormal'),
    medianBytes: z.number().min(32),
    sigma: z.number().min(0),
    maxBytes: z.int().max(45_000),
  }),
]);
export type PayloadSize = z.infer<typeof payloadSize>;

const activity = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('even') }),
  /** Users differ: each has a lognormal rate with this sigma, scaled so that the total is the pace. */
  z.strictObject({ kind: z.literal('lognormal'), sigma: z.number().min(0) }),
]);
export type Activity = z.infer<typeof activity>;

export const scenario = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  description: z.string().min(1),
  cluster: clusterSpec.default(() => clusterSpec.parse({})),
  users: z.int().min(1).max(100_000).default(100),
  topology: topology.default({ kind: 'pairs' }),
  pace: pace.default({ kind: 'constant', perSec: 50 }),
  activity: activity.default({ kind: 'even' }),
  payload: payloadSize.default({ kind: 'fixed', bytes: 300 }),
  /** Connects are spread over `rampMs`; 0 means all at once. */
  rampMs: duration.default(3000),
  warmupMs: duration.default(3000),
  measureMs: duration.default(10_000),
  /** Longest wait for the last known message after the end of sending. */
  drainMs: duration.default(15_000),
  /**
   * While messages flow, users come and go: each stays connected for an exponential time of this mean, then reconnects
   * after `offlineMs`. Left out: they stay.
   */
  churn: z.strictObject({ stayMeanMs: z.number().gt(0), offlineMs: duration }).optional(),
  /**
   * Once, a share of the users drawn by the seed goes away together, `fromMs` after sending starts, and comes back together
   * `forMs` later. Left out: nobody does.
   */
  away: z.strictObject({ share: z.number().gt(0).max(1), fromMs: duration, forMs: z.number().gt(0) }).optional(),
  /**
   * While messages flow, members of groups come and go: so many changes per second in all groups together, about as many
   * invitations as departures, of which `leaveShare` are by leaving and the others by being removed. Left out: all stay.
   */
  turnover: z.strictObject({ perSec: z.number().gt(0), leaveShare: z.number().min(0).max(1).default(0.5) }).optional(),
  /**
   * While messages flow, users sign in over HTTP from another device: in each second of warm-up and measure so many at the
   * same moment. Left out: nobody does.
   */
  signIns: z.strictObject({ perSec: z.int().min(1).max(1000) }).optional(),
  /**
   * In waves, every `everyMs`, a share of the users drawn by the seed goes away together and comes back together `offlineMs`
   * later; only waves that end before sending does. Left out: there are none.
   */
  waves: z
    .strictObject({ everyMs: z.number().gt(0), share: z.number().gt(0).max(1), offlineMs: z.number().gt(0) })
    .optional(),
  /**
   * Each user watches the presence of so many others drawn from those they share a conversation with, and asks for so
   * many `strangers`, of whom they must hear nothing. Left out: nobody watches.
   */
  watch: z
    .strictObject({
      each: z
        .int()
        .min(1)
        .max(limits.presenceWatchMax - 100),
      strangers: z.int().min(0).max(100).default(0),
    })
    .optional(),
  /** Before each message its sender is seen typing for so long. Left out: nobody types. */
  typing: z.strictObject({ forMs: z.number().gt(0) }).optional(),
  /**
   * So many encrypted images per second of all users together, lognormal in size and cut at `maxBytes`; everybody who is
   * told of one downloads it. Of a share of them somebody who is no member tries to. Left out: there are none.
   */
  images: z
    .strictObject({
      perSec: z.number().gt(0),
      medianBytes: z.number().min(100),
      sigma: z.number().min(0),
      maxBytes: z.int().max(imageLimits.bytesMax),
      strangerShare: z.number().min(0).max(1).default(0.1),
    })
    .optional(),
  /**
   * `none`: payloads are opaque bytes, sent by bare sessions. `mls`: users have messengers, which encrypt; a payload's size is
   * that of what they write. `modelled`: the same in bytes of the same sizes, without the cost.
   */
  encryption: z.enum(['none', 'modelled', 'mls']).default('none'),
  faults: z.array(faultPlan).default([]),
  thresholds: z.array(z.string()).default([]),
  /** Strategies that `nawaab compare` takes when none are named. */
  strategies: z.array(strategyName).default([]),
  trials: z.int().min(1).max(1000).default(3),
  /** Record the history and judge it. Without it nothing can be said of loss. */
  history: z.boolean().default(true),
});

/** A scenario as written, with defaults left out. */
export type ScenarioInput = z.input<typeof scenario>;
/** A scenario with every default filled in. */
export type Scenario = z.output<typeof scenario>;

/** For scenario files: checks the shape as you type; the file's name must be `name`. */
export function defineScenario(input: ScenarioInput): ScenarioInput {
  return input;
}
