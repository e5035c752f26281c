import type { Conversation } from '../database/store.ts';
import type { ConversationKind, MembershipEntry } from '../protocol/frames.ts';
import type { Seq, UserName } from '../protocol/ids.ts';
import type { Feed } from './rooms.ts';
import { frameText } from './write-frame.ts';

/** What a client is told of a conversation; kept up to date by the membership entries that pass. */
export interface RoomInfo {
  readonly kind: ConversationKind;
  readonly title: string;
  readonly admin: UserName | null;
  readonly members: readonly UserName[];
  /** Holds after this entry. */
  readonly asOf: Seq;
}

export function infoOf({ kind, title, admin, members, lastSeq }: Conversation): RoomInfo {
  return { kind, title, admin, members: members.map((member) => member.name), asOf: lastSeq };
}

export function changeInfo(info: RoomInfo, entry: MembershipEntry): RoomInfo {
  if (entry.seq <= info.asOf) return info;
  const others = info.members.filter((name) => !entry.users.includes(name));
  const came = entry.change === 'created' || entry.change === 'added';
  return { ...info, admin: entry.admin, members: came ? [...others, ...entry.users] : others, asOf: entry.seq };
}

/** The `conversation` frame of a feed. Who is no member any more learns nothing of the present: no members, no admin. */
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
    lastSeq: member ? lastSeq : knownAt,
    after: sent,
  });
}
