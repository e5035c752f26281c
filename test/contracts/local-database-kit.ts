import type {
  LocalAccount,
  LocalChange,
  LocalConversation,
  LocalEntry,
  LocalOperation,
} from '../../src/system/client/local/contract.ts';
import type { ClientId, ConversationId, DeviceId, Seq, UserName } from '../../src/system/protocol/ids.ts';

export const account: LocalAccount = {
  origin: 'http://127.0.0.1:8080',
  name: 'ada' as UserName,
  deviceLabel: 'phone-1',
  device: 3 as DeviceId,
  token: 'secret',
};

export function conversationOf(id: number, changes: Partial<LocalConversation> = {}): LocalConversation {
  const members = ['ada', 'bob'] as UserName[];
  return {
    id: id as ConversationId,
    kind: 'group',
    title: `room ${id}`,
    admin: members[0]!,
    members,
    asOf: 1 as Seq,
    ...changes,
  };
}

export function messageOf(conversation: number, seq: number, text: string, at = seq): LocalChange {
  return { kind: 'entry', entry: entryOf(conversation, seq, text, at), text };
}

export function entryOf(conversation: number, seq: number, content: string, at = seq): LocalEntry {
  return {
    conversation: conversation as ConversationId,
    seq: seq as Seq,
    at,
    sender: 'bob' as UserName,
    device: 4 as DeviceId,
    clientId: seq as ClientId,
    content,
  };
}

export function operationOf(clientId: number, changes: Partial<LocalOperation> = {}): LocalOperation {
  return { clientId: clientId as ClientId, asked: `ask ${clientId}`, sealed: null, failure: null, ...changes };
}

export function progressOf(conversation: number, cursor: number, read = 0, unread = 0): LocalChange {
  return {
    kind: 'progress',
    conversation: conversation as ConversationId,
    progress: { cursor: cursor as Seq, read: read as Seq, unread },
  };
}
