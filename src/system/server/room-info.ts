import type { Conversation, KeyState } from '../database/store.ts';
import type { ConversationKind, MembershipEntry } from '../protocol/frames.ts';
import type { Seq, UserName } from '../protocol/ids.ts';
import type { Feed } from './rooms.ts';
import { frameText } from './write-frame.ts';

/** What a client is told of a conversation; kept up to date by the membership entries that pass. */
export interface RoomInfo extends KeyState {
  readonly kind: ConversationKind;
  readonly title: string;
  readonly admin: UserName | null;
  readonly members: readonly UserName[];
  /** Holds after this entry. */
  readonly asOf: Seq;
}

export function infoOf({ id: _, lastSeq, members, ...rest }: Conversation): RoomInfo {
  return { ...rest, members: members.map((member) => member.name), asOf: lastSeq };
}

export function changeInfo(info: RoomInfo, entry: MembershipEntry): RoomInfo {
  if (entry.seq <= info.asOf) return info;
  const others = info.members.filter((name) => !entry.users.includes(name));
  const came = entry.change === 'created' || entry.change === 'added';
  const members = came ? [...others, ...entry.users] : others;
  return { ...info, ...keysAfter(info, entry), admin: entry.admin, members, asOf: entry.seq };
}

/** The `conversation` frame of a feed. Who is no member any more learns nothing of the present: no members, no admin, no keys. */
export function conversationText({ room, member, sent, knownAt }: Feed, info: RoomInfo): string {
  const { kind, title } = info;
  const lastSeq = Math.max(info.asOf, room.head, sent) as Seq;
  return frameText({
    type: 'conversation',
    conversation: room.id,
    kind,
    title,
    admin: member ? info.admin : null,
    members: member ? [...info.members] : [],
    epoch: member ? info.epoch : 0,
    sealed: member ? info.sealed : (0 as Seq),
    bundle: member ? info.bundle : null,
    lastSeq: member ? lastSeq : knownAt,
    after: sent,
  });
}

// ---

function keysAfter(before: KeyState, { change, keys, seq }: MembershipEntry): KeyState {
  if (keys !== undefined) return { epoch: keys.epoch, sealed: 0 as Seq, bundle: keys.bundle };
  const { epoch, sealed, bundle } = before;
  return { epoch, sealed: change === 'left' && epoch > 0 ? seq : sealed, bundle };
}
