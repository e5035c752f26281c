import type { ConversationFrame, MembershipEntry } from '../../protocol/frames.ts';
import type { ConversationId, Seq, UserName } from '../../protocol/ids.ts';
import type { LocalChange, LocalConversation, LocalEntry, LocalProgress } from '../local/contract.ts';
import { newProgress } from '../local/rules.ts';
import { contentOf } from './content.ts';
import { isShown } from './shown.ts';

/**
 * The conversations in memory, one step ahead of the database: each method answers the changes that are to be written for
 * what it did. The caller writes them in the order of the calls.
 */
export interface Rooms {
  readonly all: ReadonlyMap<ConversationId, Room>;
  /** Forgets what was known, for what the database knows. */
  reset(kept: readonly Room[]): void;
  /** The server tells how a conversation is. `told`: what the session knows of it. */
  announce(frame: ConversationFrame, told: Seq): readonly LocalChange[];
  /** One's own operation has made a conversation, which the server may not have announced yet. */
  found(conversation: LocalConversation): readonly LocalChange[];
  /** An entry is to be kept. `change`: of membership; null for a message. `unread`: it is to be counted as such. */
  take(arrival: Arrival): readonly LocalChange[];
  /** Something has passed without an entry. */
  pass(conversation: ConversationId, told: Seq): readonly LocalChange[];
  read(conversation: ConversationId, upTo: Seq, unread: number): readonly LocalChange[];
}

export interface Room {
  readonly conversation: LocalConversation;
  readonly progress: LocalProgress;
  /** The entry with the highest sequence; null when there is none. */
  readonly last: LocalEntry | null;
  /** The newest one that is worth a line. */
  readonly shown: LocalEntry | null;
}

export interface MembershipChange {
  readonly change: MembershipEntry['change'];
  readonly users: readonly UserName[];
  /** Afterwards. */
  readonly admin: UserName | null;
}

export interface Arrival {
  readonly entry: LocalEntry;
  readonly change: MembershipChange | null;
  readonly told: Seq;
  readonly text: string | null;
  readonly unread: boolean;
}

export function createRooms(me: () => UserName | null): Rooms {
  const rooms = new Map<ConversationId, Room>();

  return { all: rooms, reset, announce, found, take, pass, read };

  function reset(kept: readonly Room[]): void {
    rooms.clear();
    for (const room of kept) rooms.set(room.conversation.id, room);
  }

  function announce(frame: ConversationFrame, told: Seq): readonly LocalChange[] {
    const { conversation: id, kind, title, admin, members, lastSeq: asOf } = frame;
    const room = rooms.get(id);
    // Entries that are still to come may say what was before this; what is known already must not go back.
    if (room && room.conversation.asOf > asOf) return advance(id, told);
    const conversation = titled({ id, kind, title: title || (room?.conversation.title ?? ''), admin, members, asOf });
    const changes = room && isSame(room.conversation, conversation) ? [] : [put(conversation)];
    rooms.set(id, { ...newRoom, ...room, conversation });
    return [...changes, ...advance(id, told)];
  }

  function found(conversation: LocalConversation): readonly LocalChange[] {
    if (rooms.has(conversation.id)) return [];
    const room = { ...newRoom, conversation: titled(conversation) };
    rooms.set(conversation.id, room);
    return [put(room.conversation)];
  }

  /** A direct conversation bears the other's name, also when it is over and has no members any more. */
  function titled(conversation: LocalConversation): LocalConversation {
    const { kind, title, members } = conversation;
    if (kind === 'group' || title !== '' || members.length === 0) return conversation;
    const own = me();
    const other = members.find((member) => own === null || !isSameName(member, own)) ?? members[0]!;
    return { ...conversation, title: other };
  }

  function take({ entry, change, told, text, unread }: Arrival): readonly LocalChange[] {
    const { conversation: id, seq } = entry;
    const changes = [...found(placeholder(id))];
    const room = rooms.get(id)!;
    const last = newerOf(room.last, entry);
    const shown = isShown(contentOf(entry)) ? newerOf(room.shown, entry) : room.shown;
    const counted = unread && seq > room.progress.read ? 1 : 0;
    const progress = { ...room.progress, unread: room.progress.unread + counted };
    rooms.set(id, { ...room, last, shown, progress });
    if (change && seq > room.conversation.asOf) changes.push(...alter(id, seq, change));
    return [...changes, { kind: 'entry', entry, text }, ...advance(id, told, counted > 0)];
  }

  function pass(id: ConversationId, told: Seq): readonly LocalChange[] {
    return rooms.has(id) ? advance(id, told) : [];
  }

  function alter(id: ConversationId, asOf: Seq, change: MembershipChange): readonly LocalChange[] {
    const room = rooms.get(id)!;
    const members = membersAfter(room.conversation.members, change, me());
    const conversation = { ...room.conversation, members, admin: members.length > 0 ? change.admin : null, asOf };
    rooms.set(id, { ...room, conversation });
    return [put(conversation)];
  }

  function read(id: ConversationId, upTo: Seq, unread: number): readonly LocalChange[] {
    const room = rooms.get(id)!;
    const progress = { ...room.progress, read: upTo, unread };
    rooms.set(id, { ...room, progress });
    return [{ kind: 'progress', conversation: id, progress }];
  }

  /** Moves the cursor forward; writes the progress if it moved or `must` be. */
  function advance(id: ConversationId, told: Seq, must = false): readonly LocalChange[] {
    const room = rooms.get(id)!;
    if (told <= room.progress.cursor && !must) return [];
    const progress = { ...room.progress, cursor: Math.max(room.progress.cursor, told) as Seq };
    rooms.set(id, { ...room, progress });
    return [{ kind: 'progress', conversation: id, progress }];
  }
}

/** Names are told apart without regard to case. */
export function isSameName(a: UserName, b: UserName): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

// ---

const newRoom = { progress: newProgress, last: null, shown: null };

function newerOf(known: LocalEntry | null, entry: LocalEntry): LocalEntry {
  return known !== null && known.seq > entry.seq ? known : entry;
}

function put(conversation: LocalConversation): LocalChange {
  return { kind: 'conversation', conversation };
}

/** Of whom an entry came before anything else is known. */
function placeholder(id: ConversationId): LocalConversation {
  return { id, kind: 'group', title: '', admin: null, members: [], asOf: 0 as Seq };
}

/** `asOf` alone is not worth a write: the entries between say the same once more. */
function isSame(a: LocalConversation, b: LocalConversation): boolean {
  return a.title === b.title && a.admin === b.admin && a.kind === b.kind && a.members.join() === b.members.join();
}

function membersAfter(
  members: readonly UserName[],
  { change, users }: MembershipChange,
  me: UserName | null,
): readonly UserName[] {
  const others = members.filter((member) => !users.some((user) => isSameName(user, member)));
  if (change === 'created' || change === 'added') return [...others, ...users];
  if (change === 'ended') return [];
  // Who is no member any more learns nothing of the others.
  return others.some((member) => me !== null && isSameName(member, me)) ? others : [];
}
