/**
 * What the simulated users of a crowd believe, apart from what they do: which conversations they know, and whether they
 * are members. Kept in arrays, since there are thousands of users.
 */
import type { ConversationFrame, ConversationId } from '../../system/index.ts';
import { changingMembers, fixedMembers, type Members } from './members.ts';
import { userIndexOf } from './names.ts';
import type { Trace } from './trace/trace.ts';

export interface Beliefs {
  /** The id of a conversation of the trace; 0 while nobody of this crowd knows it. */
  idOf(conversation: number): ConversationId;
  /** Place in the trace of the conversation with this id; -1 when it is not one of the trace. */
  indexOf(id: number): number;
  readonly members: Members;
  /** A user was told of a conversation. */
  learn(user: number, frame: ConversationFrame): void;
  /** Memberships of this crowd's users that they had from the start and do not know of yet. */
  readonly unknown: number;
}

export function createBeliefs(trace: Trace, users: Uint32Array, tag: string): Beliefs {
  const { conversations, belonging } = trace;
  const ids = new Float64Array(conversations.count);
  const indexes = new Map<number, number>();
  const indexOf = (id: number): number => indexes.get(id) ?? -1;
  const known = new Uint8Array(belonging.conversations.length);
  let unknown = users.reduce((sum, user) => sum + belonging.from[user + 1]! - belonging.from[user]!, 0);

  return {
    idOf: (conversation) => ids[conversation] as ConversationId,
    indexOf,
    members: trace.turnover.count === 0 ? fixedMembers(conversations, indexOf) : changingMembers(),
    learn(user, frame) {
      const index = indexes.get(frame.conversation) ?? recognise(user, frame);
      if (index === -1) return;
      ids[index] = frame.conversation;
      indexes.set(frame.conversation, index);
      const place = placeOf(user, index);
      if (place === -1) return;
      if (known[place] === 0) unknown--;
      known[place] = 1;
    },
    get unknown() {
      return unknown;
    },
  };

  /** Place among the conversations of this user; -1 when it is not one of theirs. */
  function placeOf(user: number, conversation: number): number {
    for (let i = belonging.from[user]!; i < belonging.from[user + 1]!; i++) {
      if (belonging.conversations[i] === conversation) return i;
    }
    return -1;
  }

  /** Which conversation of the trace this is: groups say so in their title, a direct one is known by the other member. */
  function recognise(user: number, frame: ConversationFrame): number {
    if (frame.kind === 'group') return groupIndexOf(tag, frame.title);
    const members = frame.members.map((name) => userIndexOf(tag, name));
    const other = members.find((member) => member !== user) ?? -1;
    for (let i = belonging.from[user]!; i < belonging.from[user + 1]!; i++) {
      const conversation = belonging.conversations[i]!;
      const first = conversations.memberFrom[conversation]!;
      const pair = [conversations.members[first], conversations.members[first + 1]];
      if (conversations.kind === 'direct' && pair.includes(other)) return conversation;
    }
    return -1;
  }
}

export function groupTitleOf(tag: string, conversation: number): string {
  return `g${conversation}-${tag}`;
}

// ---

function groupIndexOf(tag: string, title: string): number {
  const index = Number(title.slice(1, -tag.length - 1));
  return Number.isSafeInteger(index) && groupTitleOf(tag, index) === title ? index : -1;
}
