import type { HistoryEvent } from '../history/event.ts';

/** Judges a history. Hears each event once, in the order of time, and keeps only what it needs. */
export interface Check {
  add(event: HistoryEvent): void;
  verdict(): Verdict;
}

/** `unknown`: the history could not have shown a violation (nothing to judge), or it is not complete. */
export interface Verdict {
  readonly check: string;
  readonly result: 'pass' | 'fail' | 'unknown';
  /** One sentence with the numbers. */
  readonly summary: string;
  /** How many violations there were; `evidence` holds the first ones. */
  readonly violations: number;
  /** At most 10. */
  readonly evidence: readonly Evidence[];
}

export interface Evidence {
  readonly what: string;
  /** What the timeline is to be about; `judge` collects it in a second reading. */
  readonly focus?: Focus;
  /** The events that prove it, and those of the same message around it; at most 30, in order. */
  readonly timeline: readonly HistoryEvent[];
}

/** Names the messages and users of a violation. Empty lists name none. */
export interface Focus {
  readonly conversation: number;
  /** Places in the conversation. */
  readonly seqs: readonly number[];
  /** Messages by author and client id, where that is known and the place may not be. */
  readonly messages: readonly { readonly author: number; readonly clientId: number }[];
  /** Users whose own view, and whose connections, matter. */
  readonly actors: readonly number[];
}

/** How a check is made: the registry maps names to these. */
export interface CheckEntry {
  /** The promise in one sentence. */
  readonly promise: string;
  /** True when a run may pass although this check had nothing to judge. */
  readonly mayAbstain: boolean;
  readonly create: () => Check;
}
