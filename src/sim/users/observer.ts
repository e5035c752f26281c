import type { ConversationFrame, Entry, Invocation, SessionState } from '../../system/index.ts';

/** Hears of many users what somebody who drives them must know. All may be left out. */
export interface UserObserver {
  conversation?(actor: number, conversation: ConversationFrame): void;
  accepted?(actor: number, answer: Answer): void;
  refused?(
    actor: number,
    answer: { readonly op: Invocation['op']; readonly clientId: number; readonly code: string },
  ): void;
  /** A message was shown. `latencyMs` is null when it says nothing: the user was away by choice when it was meant to be sent. */
  delivered?(actor: number, message: Entry, atMs: number, latencyMs: number | null): void;
  /** So many messages for this user have expired. */
  expired?(actor: number, messages: number): void;
  /** Somebody came to a conversation or went; told by the entry, or by the acceptance of what this user did. */
  changed?(actor: number, change: MembershipChange): void;
  state?(actor: number, state: SessionState): void;
  /** A connection ended that the user wanted to keep. */
  disconnected?(actor: number): void;
}

export interface Answer {
  readonly op: Invocation['op'];
  readonly conversation: number;
  readonly clientId: number;
  readonly seq: number;
  readonly atMs: number;
}

export interface MembershipChange {
  readonly conversation: number;
  readonly seq: number;
  /** They came; false: they went. */
  readonly comes: boolean;
  readonly users: readonly number[];
}
