import type { ClientFrame } from '../../protocol/frames.ts';
import type { ConversationId, Seq, UserId, UserName } from '../../protocol/ids.ts';

/** What a session asked to be told besides entries, and what of it is still to be said. Sessions that asked for nothing have none. */
export interface Ephemeral {
  readonly receipts: boolean;
  /** Members whose pointers are to be told, by conversation. */
  readonly receiptsOwed: Map<ConversationId, Set<UserName>>;
  readonly typing: boolean;
  /** Who is typing, by conversation, with the entry that the room must have reached before it is told. */
  readonly typists: Map<ConversationId, Map<UserName, Seq>>;
  /** Null when it watches nobody. */
  watch: Watch | null;
}

/** Whose presence a session watches. */
export interface Watch {
  /** As asked for. */
  readonly names: readonly UserName[];
  /** Those whom the user may know about, as far as it was looked up. */
  readonly users: Set<UserId>;
  /** `new` until it was looked up; `doubtful` while it has to be looked up again. Nothing is told then. */
  state: 'new' | 'sure' | 'doubtful';
  /** Those whose presence is to be told. */
  readonly owed: Set<UserId>;
}

/** What `hello` asked for; null when nothing. */
export function ephemeralOf({ receipts, typing }: Extract<ClientFrame, { type: 'hello' }>): Ephemeral | null {
  return receipts || typing ? newEphemeral({ receipts, typing }) : null;
}

export function newEphemeral({
  receipts = false,
  typing = false,
}: {
  receipts?: boolean | undefined;
  typing?: boolean | undefined;
} = {}): Ephemeral {
  return { receipts, receiptsOwed: new Map(), typing, typists: new Map(), watch: null };
}

/** Adds to a set in a map; false when it was there. */
export function addTo<K, V>(sets: Map<K, Set<V>>, key: K, value: V): boolean {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else if (set.has(value)) return false;
  else set.add(value);
  return true;
}
