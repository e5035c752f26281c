import type { SessionState } from '../contract.ts';
import type { LocalEntry } from '../local/contract.ts';
import { contentOf, readContent } from './content.ts';
import type { Conversation, Item, Me, MessengerState, Operation, Outcome } from './contract.ts';
import type { UserOperation } from './queue.ts';
import type { Room, Rooms } from './rooms.ts';
import { isSameName } from './rooms.ts';
import type { Sealing } from './sealing.ts';

/** What is shown of what is kept. */

export function itemOf(entry: LocalEntry, me: Me | null): Item {
  const { conversation, seq, at, sender, device, clientId } = entry;
  return {
    conversation,
    seq,
    at,
    sender,
    isOwn: me !== null && isSameName(sender, me.name),
    id: me !== null && device === me.device ? clientId : null,
    content: contentOf(entry),
  };
}

export function conversationView(
  { conversation, progress, shown }: Room,
  me: Me | null,
  sealing: Pick<Sealing, 'isEncrypted'>,
): Conversation {
  const { id, kind, title, admin, members } = conversation;
  const isMember = me !== null && members.some((member) => isSameName(member, me.name));
  return {
    id,
    kind,
    title,
    admin,
    members,
    isMember,
    isEncrypted: sealing.isEncrypted(id),
    last: shown && itemOf(shown, me),
    unread: progress.unread,
    read: progress.read,
  };
}

/** The one with the newest entry first; those without entries by id, the newest first. */
export function conversationViews(
  rooms: Rooms,
  me: Me | null,
  sealing: Pick<Sealing, 'isEncrypted'>,
): readonly Conversation[] {
  return [...rooms.all.values()]
    .sort((a, b) => (b.shown?.at ?? 0) - (a.shown?.at ?? 0) || b.conversation.id - a.conversation.id)
    .map((room) => conversationView(room, me, sealing));
}

export function operationView(
  { id, asked, conversation, failure }: UserOperation,
  sent: Extract<Outcome, { kind: 'sent' }> | null = null,
): Operation {
  return {
    id,
    conversation: sent?.conversation ?? conversation,
    what: asked.op,
    content: asked.op === 'send' ? readContent(asked.content) : null,
    at: asked.at,
    state: sent ?? failure ?? { kind: 'queued' },
  };
}

export function connectionView(state: SessionState): MessengerState['connection'] {
  return state === 'catchingUp' ? 'connecting' : state;
}
