import { Problem } from '../../problem.ts';
import type { ConversationId, Seq, UserName } from '../../protocol/ids.ts';
import type { LocalChange, LocalEntry, PageRange } from '../local/contract.ts';
import { localLimits } from '../local/contract.ts';
import { contentOf, isMessage } from './content.ts';
import type { Me, Messenger } from './contract.ts';
import type { Core } from './core.ts';
import type { Room } from './rooms.ts';
import { conversationView, conversationViews, itemOf } from './views.ts';

/** What is kept, for those who look at it. */
export interface Reading extends Pick<Messenger, 'conversations' | 'conversation' | 'history' | 'search'> {
  /** Changes that mark a conversation read; to be called, and written, in its lane. */
  readChanges(conversation: ConversationId, upTo: Seq): Promise<readonly LocalChange[]>;
  /** The same for what was read on another device: entries may be among it that have not come here yet. */
  readElsewhere(conversation: ConversationId, upTo: Seq): Promise<readonly LocalChange[]>;
  /** Throws a `Problem` when it is not known here. */
  known(conversation: ConversationId): Room;
  /** With whom a safety code is compared: whoever is named, or the other of a direct conversation. Throws a `Problem`. */
  counterpart(conversation: ConversationId, user?: string): UserName;
}

const pageDefault = 50;

export function createReading(core: Core, me: () => Me | null): Reading {
  const { rooms, database, journal } = core;

  return {
    conversations: () => conversationViews(rooms, me(), core.sealing),
    conversation(id) {
      const room = rooms.all.get(id);
      return room ? conversationView(room, me(), core.sealing) : null;
    },
    async history(range) {
      const limit = range.limit ?? pageDefault;
      const { conversation } = range;
      const page: PageRange =
        'after' in range
          ? { conversation, limit, after: range.after }
          : { conversation, limit, before: range.before ?? null };
      return (await database.page(page)).map((entry) => itemOf(entry, me()));
    },
    async search({ text, conversation = null, limit = pageDefault, before = null }) {
      const { found, next } = await database.search({ text, conversation, limit, before });
      return { found: found.map((entry) => itemOf(entry, me())), next };
    },
    readChanges,
    readElsewhere,
    known,
    counterpart,
  };

  function known(conversation: ConversationId): Room {
    const room = rooms.all.get(conversation);
    if (room) return room;
    throw new Problem(
      `There is no conversation ${conversation} on this device; conversations() lists those that are, openDirect and createGroup make one.`,
    );
  }

  function counterpart(conversation: ConversationId, user?: string): UserName {
    const { kind, title } = known(conversation).conversation;
    if (user === undefined && kind === 'group') {
      throw new Problem(`Conversation ${conversation} is a group; name the member with whom to compare.`);
    }
    return (user ?? title) as UserName;
  }

  async function readChanges(conversation: ConversationId, upTo: Seq): Promise<readonly LocalChange[]> {
    const end = known(conversation).last?.seq ?? 0;
    return readElsewhere(conversation, Math.min(upTo, end) as Seq);
  }

  async function readElsewhere(conversation: ConversationId, upTo: Seq): Promise<readonly LocalChange[]> {
    const { progress, last } = known(conversation);
    if (upTo <= progress.read) return [];
    return rooms.read(conversation, upTo, upTo >= (last?.seq ?? 0) ? 0 : await unreadAfter(conversation, upTo));
  }

  async function unreadAfter(conversation: ConversationId, read: Seq): Promise<number> {
    await journal.flush();
    let unread = 0;
    let after = read;
    for (;;) {
      const page = await database.page({ conversation, after, limit: localLimits.pageMax });
      unread += page.filter(isForeignMessage).length;
      if (page.length < localLimits.pageMax) return unread;
      after = page.at(-1)!.seq;
    }
  }

  function isForeignMessage(entry: LocalEntry): boolean {
    return isMessage(contentOf(entry)) && !itemOf(entry, me()).isOwn;
  }
}
