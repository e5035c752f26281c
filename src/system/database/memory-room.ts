import type { ConversationKind, Entry, MembershipEntry } from '../protocol/frames.ts';
import type { BundleId, ConversationId, Seq, UserId, UserName } from '../protocol/ids.ts';
import type { ConversationState } from './change-rules.ts';
import type { Conversation, ReadRange } from './store.ts';

/** One conversation. */
export interface Room extends ConversationState {
  readonly id: ConversationId;
  readonly kind: ConversationKind;
  readonly title: string;
  admin: UserId | null;
  readonly members: UserId[];
  epoch: number;
  sealed: Seq;
  bundle: BundleId | null;
  /** Every stay that there was, by user; the last one may be open. */
  readonly stays: Map<UserId, Stay[]>;
  /** Entry `seq` at `seq - 1`; null once it has expired. */
  readonly entries: (Entry | null)[];
  readonly lastSeq: Seq;
}

interface Stay {
  readonly joinedSeq: Seq;
  leftSeq: Seq | null;
}

export function newRoom(head: Pick<Room, 'id' | 'kind' | 'title' | 'admin' | 'epoch' | 'sealed' | 'bundle'>): Room {
  const entries: (Entry | null)[] = [];
  return {
    ...head,
    members: [],
    stays: new Map(),
    entries,
    get lastSeq() {
      return entries.length as Seq;
    },
  };
}

export function nextSeq(room: Room): Seq {
  return (room.lastSeq + 1) as Seq;
}

/** The user becomes a member with the entry that is written next. */
export function enter(room: Room, user: UserId): void {
  room.members.push(user);
  const stays = room.stays.get(user) ?? [];
  stays.push({ joinedSeq: nextSeq(room), leftSeq: null });
  room.stays.set(user, stays);
}

/** The membership ends with the entry that is written next. */
export function exit(room: Room, user: UserId): void {
  room.members.splice(room.members.indexOf(user), 1);
  room.stays.get(user)!.at(-1)!.leftSeq = nextSeq(room);
}

/** Whether the user was a member after this entry. */
export function wasMemberAt(room: Room, user: UserId, seq: Seq): boolean {
  const stays = room.stays.get(user) ?? [];
  return stays.some(({ joinedSeq, leftSeq }) => joinedSeq <= seq && (leftSeq === null || seq < leftSeq));
}

/** The last place that the user may see. */
export function visibleUpTo(room: Room | undefined, user: UserId): Seq {
  const stay = room?.stays.get(user)?.at(-1);
  return room && stay ? (stay.leftSeq ?? room.lastSeq) : (0 as Seq);
}

/** The keys that a change of this room brought, as its entry has them. */
export function keysInEntry(
  room: Room,
  keys: { readonly commit: string | null } | null,
): Pick<MembershipEntry, 'keys'> {
  return keys === null ? {} : { keys: { epoch: room.epoch, commit: keys.commit, bundle: room.bundle } };
}

/** What `user` may see of the range. */
export function readRoom(room: Room | undefined, { user, after, upTo, limit }: ReadRange): readonly Entry[] {
  const stays = room?.stays.get(user);
  const found: Entry[] = [];
  if (!room || !stays) return found;
  const last = Math.min(upTo, room.entries.length);
  for (let seq = Math.max(after, 0) + 1; seq <= last && found.length < limit; seq++) {
    const entry = room.entries[seq - 1];
    if (entry && stays.some((stay) => stay.joinedSeq <= seq && seq <= (stay.leftSeq ?? seq))) found.push(entry);
  }
  return found;
}

export function describeRoom(room: Room | undefined, nameOf: (user: UserId) => UserName): Conversation | null {
  if (!room) return null;
  const { id, kind, title, admin, members, lastSeq, epoch, sealed, bundle } = room;
  return {
    id,
    kind,
    title,
    admin: admin === null ? null : nameOf(admin),
    members: members.map((user) => ({ id: user, name: nameOf(user) })),
    lastSeq,
    epoch,
    sealed,
    bundle,
  };
}

/** Names the direct conversation of these two, in any order. */
export function pairKey(users: readonly UserId[]): string {
  return [...users].sort((a, b) => a - b).join('-');
}
