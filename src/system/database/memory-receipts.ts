import type { ConversationId, Seq, UserId, UserName } from '../protocol/ids.ts';
import type { ConversationPointers, ReadPointer } from './receipt-store.ts';

/** What is asked of the conversations beside. */
interface World {
  /** Present members; null when the conversation does not exist. */
  membersOf(conversation: ConversationId): readonly { readonly id: UserId; readonly name: UserName }[] | null;
  /** The last entry that the user may see; 0 when there is none. */
  visibleUpTo(user: UserId, conversation: ConversationId): Seq;
  /** The furthest cursor of the user's devices. */
  storedUpTo(user: UserId, conversation: ConversationId): Seq;
}

/** The part of the memory store that holds read pointers; all calls are synchronous. */
export function createMemoryReceipts(world: World) {
  const reads = new Map<ConversationId, Map<UserId, Seq>>();

  return {
    moveReads(moves: readonly ReadPointer[]): void {
      for (const { user, conversation, upTo } of moves) {
        const counts = Math.min(upTo, world.visibleUpTo(user, conversation));
        if (counts === 0) continue;
        const known = reads.get(conversation) ?? new Map<UserId, Seq>();
        reads.set(conversation, known.set(user, Math.max(known.get(user) ?? 0, counts) as Seq));
      }
    },
    pointers: (conversations: readonly ConversationId[], membersMax: number): ConversationPointers[] =>
      [...new Set(conversations)].flatMap((conversation) => pointersOf(conversation, membersMax)),
    forgetUser(user: UserId): void {
      for (const known of reads.values()) known.delete(user);
    },
  };

  function pointersOf(conversation: ConversationId, membersMax: number): ConversationPointers[] {
    const members = world.membersOf(conversation);
    if (members === null || members.length === 0) return [];
    if (members.length > membersMax) return [{ conversation, members: membersMax + 1, pointers: [] }];
    const pointers = members.map(({ id, name }) => {
      const read = reads.get(conversation)?.get(id) ?? (0 as Seq);
      return { user: name, delivered: Math.max(world.storedUpTo(id, conversation), read) as Seq, read };
    });
    return [{ conversation, members: members.length, pointers: pointers.filter(({ delivered }) => delivered > 0) }];
  }
}
