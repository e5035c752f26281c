import type { ConversationId, UserId } from '../protocol/ids.ts';
import type { EntryHint, Hint } from './bus.ts';

/** Hints that wait to be sent. */
export interface HintQueue {
  readonly size: number;
  add(hint: Hint): void;
  /** Takes out the `count` oldest. */
  take(count: number): readonly Hint[];
}

/**
 * A queue that never holds more than `hintsMax`. When it is full, frames are given up and the hints of a conversation
 * become one; when even that is too much, the oldest are dropped: the store has the truth.
 */
export function createHintQueue(hintsMax = 4_096): HintQueue {
  let hints: Hint[] = [];
  return {
    get size() {
      return hints.length;
    },
    add(hint) {
      if (hints.length === hintsMax) hints = mergeHints(hints).slice(-Math.floor(hintsMax / 2));
      hints.push(hint);
    },
    take(count) {
      return hints.splice(0, count);
    },
  };
}

/** One hint for each conversation, of its last entry and of everybody affected; and one for each user whose sessions ended. */
export function mergeHints(hints: readonly Hint[]): Hint[] {
  const merged = new Map<ConversationId, EntryHint>();
  const ended = new Set<UserId>();
  for (const hint of hints) {
    if ('ended' in hint) {
      ended.add(hint.ended);
      continue;
    }
    const { conversation, seq, affected = [] } = hint;
    const known = merged.get(conversation);
    const all = [...new Set([...(known?.affected ?? []), ...affected])];
    const last = known && known.seq > seq ? known.seq : seq;
    merged.set(conversation, { conversation, seq: last, ...(all.length > 0 && { affected: all }) });
  }
  return [...merged.values(), ...[...ended].map((user) => ({ ended: user }))];
}
