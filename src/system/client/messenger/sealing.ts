import { fromBase64url, toBase64url } from '../../base64url.ts';
import type { Clock, Log, Random, Transport } from '../../ports.ts';
import { Problem } from '../../problem.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { ConversationFrame, Entry } from '../../protocol/frames.ts';
import type { ClientId, ConversationId, Seq, UserName } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import type { NewKeys } from '../contract.ts';
import type { AskedFor } from './asked.ts';
import { unverified, type Verification } from './trust-contract.ts';

/**
 * How contents become payloads and back. The messenger calls it for one conversation at a time, in the order of its
 * entries; an operation that is still to make its conversation stands alone. Every answer names the states of keys that
 * have changed: they are stored in one batch with what they belong to, before a payload is sent or an entry acknowledged,
 * and are what `KeyStates` answers from then on, also after a restart. So an implementation should hold no state of its own
 * that these do not give back.
 */
export interface Sealing {
  readonly name: string;
  /** Bytes of the longest content. */
  readonly contentBytesMax: number;
  /** Before anything else: what must be known at once is read from the states of keys. */
  load(): Promise<void>;
  /**
   * Makes an operation ready, at the moment of its transmission. The answer is kept, and sent again with the same client
   * id until it is answered. A rejection fails the operation, with the message as its reason; see `Unsealable`.
   */
  seal(operation: ToSeal): Promise<Sealed>;
  /** Takes in an entry: of others, or of another device of the user. Never rejects. */
  open(entry: Entry): Promise<Opened>;
  /** The operation has taken its place; all entries before it were opened. What `seal` prepared holds. */
  accepted(operation: WasSealed, place: { readonly conversation: ConversationId; readonly seq: Seq }): Promise<KeyStep>;
  /** The operation was refused: what `seal` prepared is void. `again`: it is to be sealed anew, with the same client id. */
  refused(operation: ToSeal, code: ErrorCode): Promise<KeyStep & { readonly again: boolean }>;
  /** The server tells how a conversation is now, before its entries come. */
  announced(conversation: ConversationFrame): Promise<KeyStep>;
  /** Entries up to here have expired: they do not come. */
  passed(conversation: ConversationId, upTo: Seq): Promise<void>;
  /**
   * The user has signed in: what others need to write to this device is left with the servers, if it never was, for it may
   * be long until it is connected. Never rejects; what does not succeed is done when it is.
   */
  signedIn(): Promise<void>;
  /** The connection: wanted from now on, there and caught up, or wanted no more. Then what still waits answers `later`. */
  turned(to: 'on' | 'online' | 'off'): void;
  /** Whether what is written in a conversation is encrypted. */
  isEncrypted(conversation: ConversationId): boolean;
  readonly trust: SealingTrust;
}

/** See `MessengerTrust`. To be called with known conversations, `mark` in the conversation's lane. */
export interface SealingTrust {
  safetyCode(conversation: ConversationId, user: UserName): Promise<string | null>;
  mark(conversation: ConversationId, user: UserName, code: string): Promise<Verification>;
  forget(user: UserName): Promise<void>;
  acknowledge(user: UserName): Promise<void>;
  of(user: UserName): Verification;
  all(): readonly Verification[];
}

/** What a sealing may use of the messenger around it. */
export interface SealingContext {
  readonly keys: KeyStates;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The user in the spelling of sign-up, and the device by its label. Only after sign-in. */
  me(): { readonly user: UserName; readonly device: string };
  /** The way to the servers, and what opens it; null while signed out. */
  servers(): { readonly transport: Transport; readonly token: string } | null;
  /** A conversation as the servers tell of it now, which may be ahead of its entries. */
  room(conversation: ConversationId): { readonly members: readonly UserName[]; readonly admin: UserName | null };
  /** Whether the direct conversation with a user is known here and lasts. */
  hasDirect(user: UserName): boolean;
  /** The keys of a conversation ask for a change by this device: an operation `rekey` is to be sealed when there is time. */
  rekey(conversation: ConversationId): void;
  /** Work of its own that is to end before the messenger closes. */
  run(work: () => Promise<void>): void;
  /** Stores states of keys on their own; resolves when they are on the disk. */
  write(step: KeyStep): Promise<void>;
  /** Somebody's verification has changed, and that is kept. */
  verified(verification: Verification): void;
}

export interface ToSeal {
  readonly clientId: ClientId;
  readonly asked: AskedFor;
}

export interface WasSealed extends ToSeal {
  readonly wire: Wire;
}

/** The part of a sealed operation that goes on the wire. */
export interface Wire {
  /** Of a message. */
  readonly payload?: string;
  /** Of a message. Default 0. */
  readonly epoch?: number;
  /** Of a change of membership or of keys: the new keys that come with it. Default: none. */
  readonly change?: NewKeys;
}

export type Sealed =
  | (KeyStep & { readonly kind: 'sealed'; readonly wire: Wire })
  /** The keys must be changed first, by an operation `rekey`. */
  | { readonly kind: 'rekeyFirst' }
  /** There is nothing to do; only of `rekey`. */
  | { readonly kind: 'moot' }
  /** Not now: it is asked for again after a while, when one is online. */
  | { readonly kind: 'later' };

/** Why an operation cannot be sealed, in words for people. */
export class Unsealable extends Error {
  readonly code: ErrorCode | 'notSealed';
  constructor(message: string, code: ErrorCode | 'notSealed' = 'notSealed') {
    super(message);
    this.name = 'Unsealable';
    this.code = code;
  }
}

export type Opened =
  | (KeyStep &
      (
        | { readonly kind: 'content'; readonly content: string }
        | { readonly kind: 'unreadable'; readonly reason: string }
        /** A change of membership: there is nothing to read. `doubt`: why its keys are not trusted. */
        | { readonly kind: 'nothing'; readonly doubt?: string }
      ))
  /** Not now: it is not taken in, and comes again with the next session. */
  | { readonly kind: 'later' };

/** States of keys that change together. */
export interface KeyStep {
  readonly keys: KeyChanges;
  /** Called once they are on the disk: former states may be overwritten. */
  stored?(): void;
}

/** States of keys to be kept by name; null removes. Names are the implementation's, unique over all conversations. */
export type KeyChanges = ReadonlyMap<string, Uint8Array | null>;

/** The states of keys as of the last answer, whether or not they have reached the disk yet. */
export interface KeyStates {
  get(name: string): Promise<Uint8Array | null>;
  /** Names on the disk that begin with `prefix`. */
  names(prefix: string): Promise<readonly string[]>;
}

export const noStep: KeyStep = { keys: new Map() };

/** Nothing is encrypted: the payload is the content itself, in base64url. */
export function createPlainSealing(): Sealing {
  return {
    name: 'none',
    contentBytesMax: Math.floor((limits.payloadCharsMax * 3) / 4),
    load: async () => {},
    seal: async ({ asked }) => ({
      kind: 'sealed',
      wire: asked.op === 'send' ? { payload: encode(asked.content) } : {},
      ...noStep,
    }),
    async open(entry) {
      if (entry.type !== 'message') return { kind: 'nothing', ...noStep };
      if (entry.epoch > 0) return { kind: 'unreadable', reason: 'It is encrypted.', ...noStep };
      const content = decode(entry.payload);
      if (content === null) return { kind: 'unreadable', reason: 'It is no text.', ...noStep };
      return { kind: 'content', content, ...noStep };
    },
    accepted: async () => noStep,
    refused: async () => ({ again: false, ...noStep }),
    announced: async () => noStep,
    passed: async () => {},
    signedIn: async () => {},
    turned: () => {},
    isEncrypted: () => false,
    trust: noTrust,
  };
}

// ---

/** Without keys there is nothing to compare. */
const noTrust: SealingTrust = {
  safetyCode: async () => null,
  async mark() {
    throw new Problem('Nothing is encrypted here, so nobody can be verified; use a messenger with encryption.');
  },
  forget: async () => {},
  acknowledge: async () => {},
  of: unverified,
  all: () => [],
};

function encode(text: string): string {
  return toBase64url(new TextEncoder().encode(text));
}

/** Null when it is not text. */
function decode(payload: string): string | null {
  const bytes = fromBase64url(payload);
  return bytes && textOf(bytes);
}

/** Null when the bytes are not UTF-8. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
