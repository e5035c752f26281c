import type { Clock, Log, Ms, Random } from '../ports.ts';
import type { ServerStats } from '../protocol/http.ts';
import type { ServerId } from '../protocol/ids.ts';
import type { RouteRequest, ServerView } from './strategy.ts';

/** The balancer's decisions, without a network: who is healthy, who gets the next connection. */
export interface Balancer {
  /** Starts probing. */
  start(): void;
  stop(): void;
  /**
   * Chooses a server for one new connection, or null when none is healthy. Counts it as assigned at once; the caller
   * must follow with `opened` or `failed`, and after `opened` with `closed`.
   */
  route(request: RouteRequest, except?: ReadonlySet<ServerId>): ServerId | null;
  opened(server: ServerId): void;
  closed(server: ServerId): void;
  /** The connection could not be made. The server is suspected at once: the next probe decides. */
  failed(server: ServerId): void;
  stats(): BalancerStats;
}

export interface BalancerWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Asks a server for `/stats`; rejects when it does not answer within `timeoutMs`. */
  probe(server: ServerId, timeoutMs: Ms): Promise<ServerStats>;
}

export interface BalancerSettings {
  readonly servers: readonly { readonly id: ServerId; readonly weight: number }[];
  readonly strategy: string;
  readonly probeMs: Ms;
}

/** What `/stats` of a balancer answers. */
export interface BalancerStats {
  readonly strategy: string;
  readonly connections: number;
  readonly assignedTotal: number;
  readonly servers: readonly (ServerView & {
    readonly healthy: boolean;
    readonly assignedTotal: number;
    readonly failedTotal: number;
  })[];
}
