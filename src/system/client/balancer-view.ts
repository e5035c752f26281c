import { z } from 'zod';
import type { Transport } from '../ports.ts';
import { serverId } from '../protocol/frames.ts';
import { routes } from '../protocol/http.ts';
import { type AccountOutcome, ask } from './ask.ts';

/** What of a balancer's `/stats` is of use to people who look at one connection. */
const balancerView = z.object({
  strategy: z.string(),
  /** Connections of all clients that go through it. */
  connections: z.number(),
  servers: z.array(
    z.object({
      id: serverId,
      healthy: z.boolean(),
      connections: z.number(),
      /** As of its last answer; null before the first. */
      stats: z
        .object({ sessions: z.number(), cpuFraction: z.number(), rssBytes: z.number(), draining: z.boolean() })
        .nullable(),
    }),
  ),
});
export type BalancerView = z.infer<typeof balancerView>;

/** An `unknown` outcome where no balancer answers: a server itself has other numbers at this place. */
export function askBalancer(transport: Transport): Promise<AccountOutcome<BalancerView>> {
  return ask(transport, { ...routes.stats, body: '' }, balancerView);
}
