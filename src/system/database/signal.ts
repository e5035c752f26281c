import type { ConversationId, Seq, ServerId, UserId, UserName } from '../protocol/ids.ts';

/**
 * What servers tell each other besides hints: ephemeral news. A signal may be lost, doubled or late; nothing is lost with
 * it that the next one, or a look into the store, does not make good.
 */
export type Signal = NewsSignal | InterestSignal;

/** What is told to sessions that asked for it. */
export type NewsSignal = ReceiptSignal | TypingSignal | PresenceSignal;

/** A pointer of a user has moved, and is stored. */
export interface ReceiptSignal {
  readonly kind: 'receipt';
  readonly conversation: ConversationId;
  readonly user: UserName;
  readonly delivered: Seq;
  readonly read: Seq;
  /** The sender knew the membership after this entry: who has not heard of it yet does not pass the signal on before. */
  readonly at: Seq;
}

/** A user is typing. */
export interface TypingSignal {
  readonly kind: 'typing';
  readonly conversation: ConversationId;
  readonly user: UserName;
  /** As with receipts; a server that is not as far forgets the signal. */
  readonly at: Seq;
}

/** It is in the store that these users came or went; how it is now is to be read there. */
export interface PresenceSignal {
  readonly kind: 'presence';
  readonly users: readonly UserId[];
}

/** What the sessions of a server asked for. Others send it only that. Repeated while there is something, and soon forgotten. */
export interface InterestSignal {
  readonly kind: 'interest';
  readonly server: ServerId;
  readonly wants: readonly Interest[];
}

export type Interest = 'receipts' | 'typing' | 'presence';
