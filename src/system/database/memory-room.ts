import type { ConversationKind, Entry } from '../protocol/frames.ts';
import type { ConversationId, Seq, UserId, UserName } from '../protocol/ids.ts';
import type { Conversation, ReadRange } from './store.ts';

/** One conversation. */
export interface Room {
  readonly id: ConversationId;
  readonly kind: ConversationKind;
  readonly title: string;
  admin: UserId | null;
  /** Present members, the longest-standing first. */
  readonly members: UserId[];
  /** Every stay that there was, by user; the last one may be open. */
  readonly stays: Map<UserId, Stay[]>;
  /** Entry `seq` at `seq - 1`; null once it has expired. */
  readonly entries: (Entry | null)[];
}

interface Stay {
  readonly joinedSeq: Seq;
  leftSeq: Seq | null;
}

export function lastSeq(room: Room): Seq {
  return room.entries.length as Seq;
}

export function nextSeq(room: Room): Seq {
  return (room.entries.length + 1) as Seq;
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
  const { id, kind, title, admin, members } = room;
  return {
    id,
    kind,
    title,
    admin: admin === null ? null : nameOf(admin),
    members: members.map((user) => ({ id: user, name: nameOf(user) })),
    lastSeq: lastSeq(room),
  };
}
