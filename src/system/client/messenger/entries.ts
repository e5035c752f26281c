import type { ConversationId, DeviceId, Seq, UserName } from '../../protocol/ids.ts';
import type { LocalConversation, LocalEntry } from '../local/contract.ts';
import type { AskedFor } from './asked.ts';
import { keepMembership, keepMessage } from './content.ts';
import type { Arrival, MembershipChange, Room } from './rooms.ts';
import { isSameName } from './rooms.ts';

/** An own operation that was accepted, where, and who "own" is. */
export interface OwnAccepted {
  readonly asked: AskedFor;
  readonly head: Omit<LocalEntry, 'content'>;
  readonly room: Room | undefined;
}

/** The entry that an own operation has become: the servers do not send it back to the device that asked. */
export function ownEntry({ asked, head, room }: OwnAccepted): Pick<Arrival, 'entry' | 'change'> {
  if (asked.op === 'send') return { entry: { ...head, content: keepMessage(asked.content) }, change: null };
  const change = changeOf(asked, head.sender, room);
  return { entry: { ...head, content: keepMembership(change) }, change };
}

/** The conversation that an own operation has made or found; null when it named one. */
export function ownConversation(
  asked: AskedFor,
  { id, me, seq }: { readonly id: ConversationId; readonly me: UserName; readonly seq: Seq },
): LocalConversation | null {
  if (asked.op === 'openDirect') {
    return { id, kind: 'direct', title: '', admin: null, members: pairOf(me, asked.with), asOf: seq };
  }
  if (asked.op !== 'createGroup') return null;
  return { id, kind: 'group', title: asked.title, admin: me, members: [me, ...asked.users], asOf: seq };
}

export type Head = Omit<LocalEntry, 'content'>;

/** The head of an entry by this device. */
export function ownHead(
  place: { readonly conversation: ConversationId; readonly seq: Seq; readonly at: number },
  who: { readonly me: UserName; readonly device: DeviceId; readonly clientId: LocalEntry['clientId'] },
): Head {
  const { conversation, seq, at } = place;
  return { conversation, seq, at, sender: who.me, device: who.device, clientId: who.clientId };
}

// ---

function changeOf(asked: Exclude<AskedFor, { op: 'send' }>, me: UserName, room: Room | undefined): MembershipChange {
  const admin = room?.conversation.admin ?? null;
  switch (asked.op) {
    case 'openDirect':
      return { change: 'created', users: pairOf(me, asked.with), admin: null };
    case 'createGroup':
      return { change: 'created', users: [me, ...asked.users], admin: me };
    case 'invite':
      return { change: 'added', users: asked.users, admin };
    case 'remove':
      return { change: 'removed', users: asked.users, admin: heir(room, asked.users) };
    case 'leave':
      return { change: 'left', users: [me], admin: heir(room, [me]) };
    case 'rekey':
      return { change: 'rekeyed', users: [], admin };
  }
}

function pairOf(me: UserName, other: UserName): UserName[] {
  return isSameName(me, other) ? [me] : [me, other];
}

/** When the admin goes, the longest-standing member becomes admin; members stand in the order of their coming. */
function heir(room: Room | undefined, gone: readonly UserName[]): UserName | null {
  if (!room) return null;
  const { admin, members } = room.conversation;
  const isGone = (name: UserName) => gone.some((user) => isSameName(user, name));
  if (admin !== null && !isGone(admin)) return admin;
  return members.find((member) => !isGone(member)) ?? null;
}
