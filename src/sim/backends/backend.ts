import type { ComponentSample, StartRecord } from '../../metrics/index.ts';
import type { Clock, Log, Random, Transport } from '../../system/index.ts';
import type { Fault, FaultKind, FaultReceipt } from '../faults/fault.ts';
import type { ClusterSpec } from '../scenario.ts';

/** Runs a cluster somewhere. */
export interface Backend {
  readonly name: string;
  /** One sentence for `nawaab list backends`. */
  readonly description: string;
  /** Faults that this world has no way to cause. A scenario that needs one is refused before it starts. */
  readonly cannot: ReadonlySet<FaultKind>;
  /** Whether it can hold parts to the memory and the cores that a scenario gives them; one that does is refused otherwise. */
  readonly hasQuotas: boolean;
  /**
   * Runs `work` against a fresh cluster and stops every process, container and file of it whatever happens. Rejects with a
   * `Problem` that names the component when one died that no fault has ended.
   */
  run<T>(order: ClusterOrder, work: (cluster: Cluster) => Promise<T>): Promise<T>;
}

export interface ClusterOrder {
  readonly spec: ClusterSpec;
  readonly seed: number;
  /** Where components write their logs: one file each. Null: nowhere (virtual). */
  readonly logDirectory: string | null;
  /** Links that faults will disturb: they pass through a proxy of ours. Default: none. */
  readonly links?: readonly string[];
  readonly log: Log;
  /** Ends the run early: the cluster stops, `run` rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

export interface Cluster {
  readonly clock: Clock;
  /** Ends the work early: the run was given up, or a component died that no fault has ended; its reason says which. */
  readonly signal: AbortSignal;
  /** Null in the virtual world, where nothing needs to be started. */
  readonly start: StartRecord | null;
  /** Names of the servers, `s1` first. */
  readonly servers: readonly string[];
  /** Names of the balancers, `b1` first. */
  readonly balancers: readonly string[];
  /** HTTP origins of the balancers, for generators in other threads; empty in the virtual world. */
  readonly endpoints: readonly string[];
  /** How user number `index` reaches the system from this thread. */
  connect(index: number, random: Random): Transport;
  apply(fault: Fault): Promise<FaultReceipt>;
  /** What was lost so far. */
  losses(): readonly PartLoss[];
  /** What each component did since the last call. */
  sample(): Promise<readonly ComponentSample[]>;
  /** Reads back every stored message as (conversation, seq, sender name, client id, payload), for the check against the history. */
  stored(options?: { readonly payloads: boolean }): AsyncIterable<StoredMessage>;
}

/** A server that used up what the scenario lets it have and was ended by that; the others went on without it. */
export interface PartLoss {
  readonly part: string;
  /** Reading of the cluster's clock. */
  readonly atMs: number;
  /** How it ended, what helps, and where to look. */
  readonly words: string;
}

export interface StoredMessage {
  readonly conversation: number;
  readonly seq: number;
  readonly sender: string;
  readonly clientId: number;
  /** Empty when it was not asked for. */
  readonly payload: string;
}
