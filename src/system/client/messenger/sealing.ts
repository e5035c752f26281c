import type { ConversationFrame, Entry } from '../../protocol/frames.ts';
import type { ClientId, ConversationId, Seq } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import type { NewKeys } from '../contract.ts';
import type { AskedFor } from './asked.ts';

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
  /**
   * Makes an operation ready, at the moment of its transmission. The answer is kept, and sent again with the same client
   * id until it is answered. A rejection fails the operation, with the message as its reason.
   */
  seal(operation: ToSeal): Promise<Sealed>;
  /** Takes in an entry: of others, or of another device of the user. Never rejects. */
  open(entry: Entry): Promise<Opened>;
  /** The operation has taken its place; all entries before it were opened. What `seal` prepared holds. */
  accepted(operation: ToSeal, place: { readonly conversation: ConversationId; readonly seq: Seq }): Promise<KeyChanges>;
  /** The operation was refused: what `seal` prepared is void. `again`: it is to be sealed anew, with the same client id. */
  refused(operation: ToSeal, code: string): Promise<{ readonly again: boolean; readonly keys: KeyChanges }>;
  /** The server tells how a conversation is now, before its entries come. */
  announced(conversation: ConversationFrame): Promise<KeyChanges>;
}

export interface ToSeal {
  readonly clientId: ClientId;
  readonly asked: AskedFor;
}

export interface Sealed {
  /** Of a message. */
  readonly payload?: string;
  /** Of a message. Default 0. */
  readonly epoch?: number;
  /** Of a change of membership: the new keys that come with it. Default: none. */
  readonly change?: NewKeys;
  readonly keys: KeyChanges;
}

export type Opened = { readonly keys: KeyChanges } & (
  | { readonly kind: 'content'; readonly content: string }
  | { readonly kind: 'unreadable'; readonly reason: string }
  /** A change of membership: there is nothing to read. */
  | { readonly kind: 'nothing' }
);

/** States of keys to be kept by name; null removes. Names are the implementation's, unique over all conversations. */
export type KeyChanges = ReadonlyMap<string, Uint8Array | null>;

/** The states of keys as of the last answer, whether or not they have reached the disk yet. */
export interface KeyStates {
  get(name: string): Promise<Uint8Array | null>;
}

export const noKeys: KeyChanges = new Map();

/** Nothing is encrypted: the payload is the content itself, in base64url. */
export function createPlainSealing(): Sealing {
  return {
    name: 'none',
    contentBytesMax: Math.floor((limits.payloadCharsMax * 3) / 4),
    seal: async ({ asked }) => ({ keys: noKeys, ...(asked.op === 'send' ? { payload: encode(asked.content) } : {}) }),
    async open(entry) {
      if (entry.type !== 'message') return { kind: 'nothing', keys: noKeys };
      if (entry.epoch > 0) return { kind: 'unreadable', reason: 'It is encrypted.', keys: noKeys };
      const content = decode(entry.payload);
      if (content === null) return { kind: 'unreadable', reason: 'It is no text.', keys: noKeys };
      return { kind: 'content', content, keys: noKeys };
    },
    accepted: async () => noKeys,
    refused: async () => ({ again: false, keys: noKeys }),
    announced: async () => noKeys,
  };
}

// ---

function encode(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Null when it is not text. */
function decode(payload: string): string | null {
  try {
    const binary = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
  } catch {
    return null;
  }
}
