import type { ConversationId, Seq, UserName } from '../../protocol/ids.ts';
import type { SessionHandlers } from '../contract.ts';
import type { Messenger, Receipt } from './contract.ts';
import type { Core } from './core.ts';
import { inLane } from './lanes.ts';
import type { Reading } from './reading.ts';
import { isSameName } from './rooms.ts';
import { conversationView } from './views.ts';

/** How far everybody has come, and who is typing: said and heard while connected. */
export interface Marks extends Pick<Messenger, 'markRead' | 'receipts' | 'typing'> {
  readonly handlers: Required<Pick<SessionHandlers, 'receipt' | 'typing'>>;
  /** Tells the others how far the user has read, once that is kept. */
  sayRead(conversation: ConversationId): void;
}

export function createMarks(core: Core, reading: Reading): Marks {
  const { rooms, lanes, journal } = core;
  /** Of others, as of the present or last connection: it is told anew on each. */
  const known = new Map<ConversationId, Map<UserName, Receipt>>();

  return {
    async markRead(conversation, upTo) {
      await mark(conversation, () => reading.readChanges(conversation, upTo));
      sayRead(conversation);
    },
    receipts: (conversation) => [...(known.get(conversation)?.values() ?? [])],
    typing(conversation) {
      reading.known(conversation);
      core.session()?.typing(conversation);
    },
    sayRead,
    handlers: {
      receipt(receipt) {
        if (isSameName(receipt.user, core.me().name)) takeOwn(receipt);
        else take(receipt);
      },
      typing: (typing) => core.emit('typing', typing),
    },
  };

  async function mark(conversation: ConversationId, change: () => ReturnType<Reading['readChanges']>): Promise<void> {
    await inLane(lanes, conversation, async () => journal.write(await change()));
    core.emit('conversation', conversationView(reading.known(conversation), core.me(), core.sealing));
  }

  function sayRead(conversation: ConversationId): void {
    const read = rooms.all.get(conversation)?.progress.read ?? 0;
    if (read > 0) core.session()?.read(conversation, read as Seq);
  }

  function take(receipt: Receipt & { readonly conversation: ConversationId }): void {
    const { conversation, user, delivered, read } = receipt;
    const ofRoom = known.get(conversation) ?? new Map<UserName, Receipt>();
    known.set(conversation, ofRoom.set(user, { user, delivered, read }));
    core.emit('receipt', { conversation, user, delivered, read });
  }

  /** The user has read on another device, or on this one and the servers have not heard of it. */
  function takeOwn({ conversation, read }: { readonly conversation: ConversationId; readonly read: Seq }): void {
    const here = rooms.all.get(conversation)?.progress.read ?? 0;
    if (here > read) sayRead(conversation);
    // The session told of the conversation before: its room stands in the lane before this.
    else if (read > here) void mark(conversation, () => reading.readElsewhere(conversation, read)).catch(() => {});
  }
}
