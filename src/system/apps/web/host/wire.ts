import type {
  Conversation,
  Me,
  MessengerEvents,
  MessengerState,
  Operation,
  Presence,
  Verification,
} from '../../../browser.ts';
import type { CallName } from './calls.ts';

/** What a tab and the host of the messenger tell each other. All of it passes through the structured clone algorithm. */
export type ToHost =
  | { readonly kind: 'call'; readonly id: number; readonly name: CallName; readonly args: readonly unknown[] }
  /** The answer of a call is not wanted any more. */
  | { readonly kind: 'cancel'; readonly id: number }
  /** The tab goes away. */
  | { readonly kind: 'bye' };

export type FromHost =
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  /** Everything that happened in one turn, in order. */
  | { readonly kind: 'news'; readonly news: readonly News[] }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  /** The call failed; `message` is one sentence for people. */
  | { readonly kind: 'problem'; readonly id: number; readonly message: string }
  | { readonly kind: 'progress'; readonly id: number; readonly progress: unknown }
  /** Another tab has the messenger; this one gets it when that is closed. */
  | { readonly kind: 'waits' }
  /** All that this browser had of the user is gone. */
  | { readonly kind: 'erased' }
  /** There is no messenger: its database cannot be opened. */
  | { readonly kind: 'failed'; readonly message: string };

/** Everything that a tab shows before it has asked for anything. */
export interface Snapshot {
  readonly me: Me | null;
  readonly isSignedIn: boolean;
  readonly state: MessengerState;
  readonly conversations: readonly Conversation[];
  readonly waiting: readonly Operation[];
  /** Of those of the other members of whom it is known. */
  readonly presences: readonly Presence[];
  /** Of those who were verified. */
  readonly verifications: readonly Verification[];
}

/** An event of the messenger. After an `item` comes its conversation too, for its last entry and its count have changed. */
export type News = { [K in ToldEvent]: { readonly event: K; readonly what: MessengerEvents[K] } }[ToldEvent];

/** What has expired comes as an `item` too. */
export type ToldEvent = Exclude<keyof MessengerEvents, 'broken' | 'expired'>;

/** A `MessagePort`, or whatever else passes messages on. */
export interface Port {
  postMessage(message: unknown): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
}
