import type { BalancerSettings, BalancerStats } from './contract.ts';
import type { Health } from './health.ts';
import type { ServerView } from './strategy.ts';

/** What the balancer keeps of one server; strategies see it as a `ServerView`. */
export interface ServerRecord extends Mutable<ServerView> {
  health: Health;
  assignedTotal: number;
  failedTotal: number;
}

/** Lost until a first probe is answered: nobody is sent to a server of which nothing is known. */
export function createServerRecord({ id, weight }: BalancerSettings['servers'][number]): ServerRecord {
  return {
    id,
    weight,
    connections: 0,
    assignedSinceProbe: 0,
    stats: null,
    probedAt: null,
    health: 'lost',
    assignedTotal: 0,
    failedTotal: 0,
  };
}

export function statsOf({ health, ...rest }: ServerRecord): BalancerStats['servers'][number] {
  return { ...rest, healthy: health === 'healthy' };
}

// ---

type Mutable<T> = { -readonly [key in keyof T]: T[key] };
