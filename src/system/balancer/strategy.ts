import type { Clock, Ms, Random } from '../ports.ts';
import type { ServerStats } from '../protocol/http.ts';
import type { ServerId } from '../protocol/ids.ts';

/**
 * Picks a server for one decision. Pure but for its own state. The balancer hands in healthy candidates only, in a
 * stable order; a strategy answers one of them, or null to decline (always null when there are none).
 */
export interface Strategy {
  pick(candidates: readonly ServerView[], request: RouteRequest): ServerId | null;
  /** Hears what happened after decisions; may be left out. */
  observe?(event: BalancerEvent): void;
}

/** What the balancer knows of one server at the moment of a decision. */
export interface ServerView {
  readonly id: ServerId;
  /** Share of work it should get relative to the others; above 0, default 1. */
  readonly weight: number;
  /** Connections that go through this balancer now. */
  readonly connections: number;
  /** Connections assigned since the last probe that was answered. */
  readonly assignedSinceProbe: number;
  /** The last answered probe, and when it was answered; null before the first. */
  readonly stats: ServerStats | null;
  readonly probedAt: Ms | null;
}

export interface RouteRequest {
  /** Address of the client; a key for strategies that hash. */
  readonly remote: string;
}

export type BalancerEvent =
  | { readonly kind: 'opened' | 'closed' | 'failed'; readonly server: ServerId; readonly at: Ms }
  | { readonly kind: 'probed'; readonly server: ServerId; readonly stats: ServerStats; readonly at: Ms }
  | { readonly kind: 'lost'; readonly server: ServerId; readonly at: Ms };

/** How a strategy is made: the registry maps names to these. */
export interface StrategyEntry {
  /** One sentence: the rule. Shown by `nawaab list strategies` and in the docs. */
  readonly rule: string;
  /** When it does well, when not. */
  readonly advice: string;
  /** Whether it gives servers shares in proportion to their weights. */
  readonly weighted: boolean;
  readonly create: (world: { clock: Clock; random: Random }) => Strategy;
}
