import type { ClientFrame } from '../../protocol/frames.ts';
import type { ConversationId, Seq, UserName } from '../../protocol/ids.ts';

/** What a session asked to be told besides entries, and what of it is still to be said. Sessions that asked for nothing have none. */
export interface Ephemeral {
  readonly receipts: boolean;
  /** Members whose pointers are to be told, by conversation. */
  readonly receiptsOwed: Map<ConversationId, Set<UserName>>;
  readonly typing: boolean;
  /** Who is typing, by conversation, with the entry that the room must have reached before it is told. */
  readonly typists: Map<ConversationId, Map<UserName, Seq>>;
}

/** What `hello` asked for; null when nothing. */
export function ephemeralOf({
  receipts = false,
  typing = false,
}: Extract<ClientFrame, { type: 'hello' }>): Ephemeral | null {
  return receipts || typing ? { receipts, receiptsOwed: new Map(), typing, typists: new Map() } : null;
}

/** Adds to a set in a map; false when it was there. */
export function addTo<K, V>(sets: Map<K, Set<V>>, key: K, value: V): boolean {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else if (set.has(value)) return false;
  else set.add(value);
  return true;
}
