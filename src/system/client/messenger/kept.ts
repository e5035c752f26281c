import type { KeptConversation, LocalDatabase, LocalEntry, LocalState } from '../local/contract.ts';
import { contentOf } from './content.ts';
import type { Room } from './rooms.ts';
import { isShown } from './shown.ts';

/** What the database knows when a messenger begins. */
export interface Kept extends Omit<LocalState, 'conversations'> {
  readonly rooms: readonly Room[];
}

export async function loadKept(database: LocalDatabase): Promise<Kept> {
  const { conversations, ...state } = await database.load();
  const roomOf = async (kept: KeptConversation): Promise<Room> => ({ ...kept, shown: await shownIn(database, kept) });
  return { ...state, rooms: await Promise.all(conversations.map(roomOf)) };
}

// ---

/** Entries of one look back. */
const pageEntries = 20;

async function shownIn(database: LocalDatabase, { conversation, last }: KeptConversation): Promise<LocalEntry | null> {
  if (last === null || isShown(contentOf(last))) return last;
  for (let before = last.seq; ; ) {
    const page = await database.page({ conversation: conversation.id, before, limit: pageEntries });
    const shown = page.findLast((entry) => isShown(contentOf(entry)));
    if (shown || page.length < pageEntries) return shown ?? null;
    before = page[0]!.seq;
  }
}
