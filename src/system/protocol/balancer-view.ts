import { z } from 'zod';
import { serverId } from './frames.ts';

/**
 * Where a balancer tells how it spreads connections. A request on a connection that has a server already reaches that
 * server, which has nothing there and ends the connection with its answer: who asks again comes to the balancer in the end.
 */
export const balancerPath = '/v1/balancer';

/** What of a balancer is of use to people who look at one connection. */
export const balancerView = z.object({
  /** A name of the registry `strategies`. */
  strategy: z.string(),
  /** What is decided about: each connection once, WebSocket or HTTP. */
  mode: z.literal('connection'),
  /** Connections of all clients that go through it. */
  connections: z.int(),
  /** Servers among which the next connection is decided: healthy, and not draining. */
  candidates: z.int(),
  servers: z.array(
    z.object({
      id: serverId,
      /** The last probe was answered. */
      healthy: z.boolean(),
      /** Share of work it should get relative to the others. */
      weight: z.number(),
      /** Through this balancer. */
      connections: z.int(),
      /** As of its last answer; null before the first. */
      stats: z
        .object({
          sessions: z.int(),
          /** CPU seconds used per second; 1 is one core. */
          cpuFraction: z.number(),
          rssBytes: z.number(),
          draining: z.boolean(),
        })
        .nullable(),
    }),
  ),
});
export type BalancerView = z.infer<typeof balancerView>;
