import type { ConversationId, Seq, UserId } from '../protocol/ids.ts';
import type { Signal } from './signal.ts';

/**
 * Tells the other servers that something was committed. Hints may be lost, doubled or late, never wrong: the truth is
 * in the store, and a slow poll is the backstop. Beside them go signals, which may wait and are given up first, so that
 * hints are not held up by them. Implementations pass `test/contracts/bus.ts`.
 */
export interface Bus {
  /** Queues hints for the other servers; returns at once. Hints of one call and of later calls may be merged. */
  publish(hints: readonly Hint[]): void;
  /** Receives the hints of others, not one's own. One receiver per bus. */
  subscribe(receive: (hints: readonly Hint[]) => void): void;
  /** Queues signals for the other servers, behind the hints; returns at once. */
  signal(signals: readonly Signal[]): void;
  /** Receives the signals of others. One receiver per bus. */
  onSignals(receive: (signals: readonly Signal[]) => void): void;
  /** Signals that were given up because too many waited, or because the way was broken. */
  readonly signalsDropped: number;
  close(): Promise<void>;
}

/** About a commit. */
export type Hint = EntryHint | SessionsHint;

export interface EntryHint {
  readonly conversation: ConversationId;
  /** Entries up to this one are committed. */
  readonly seq: Seq;
  /** The frame of entry `seq` as clients get it, when it is small enough to travel along: saves the read-back. */
  readonly frame?: string;
  /** `device` of the entry in `frame`: it got `accepted` instead and is not sent the frame. */
  readonly device?: number;
  /** Users whose membership changed by it. */
  readonly affected?: readonly UserId[];
}

/** Sessions of this user have ended: its connections are to be checked again. */
export interface SessionsHint {
  readonly ended: UserId;
}
