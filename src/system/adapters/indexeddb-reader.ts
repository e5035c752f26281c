import type {
  LocalAccount,
  LocalConversation,
  LocalDatabase,
  LocalEntry,
  LocalOperation,
  LocalProgress,
  LocalState,
  PageRange,
  SearchPlace,
  SearchQuery,
  SearchResult,
} from '../client/local/contract.ts';
import { localLimits } from '../client/local/contract.ts';
import { checkLimit, checkSearched, folded, newProgress, placeOf } from '../client/local/rules.ts';
import type { ClientId, ConversationId } from '../protocol/ids.ts';
import { resultOf, walk } from './indexeddb-requests.ts';
import type { IdbDatabase, IdbKeyRange, IdbKeyRanges, IdbStore } from './indexeddb-types.ts';

/** An entry as it lies in the store; only messages have `time` and `text`. */
interface EntryRecord {
  readonly entry: LocalEntry;
  readonly text?: string;
}

/** Lower and higher than every id, place and time. */
const lowest = 0;
const highest = Number.MAX_SAFE_INTEGER;

/** The reading half of a local database in IndexedDB. */
export function createReader(
  database: IdbDatabase,
  ranges: IdbKeyRanges,
): Pick<LocalDatabase, 'load' | 'page' | 'search' | 'key' | 'keyNames'> {
  return { load, page, search, key, keyNames };

  function store(name: string): IdbStore {
    return database.transaction([name], 'readonly').objectStore(name);
  }

  async function load(): Promise<LocalState> {
    const names = ['facts', 'conversations', 'progress', 'operations', 'entries'];
    const transaction = database.transaction(names, 'readonly');
    const from = (name: string) => transaction.objectStore(name);
    const [account, nextClientId, conversations, progress, progressIds, operations] = await Promise.all([
      resultOf(from('facts').get('account')),
      resultOf(from('facts').get('nextClientId')),
      resultOf(from('conversations').getAll()),
      resultOf(from('progress').getAll()),
      resultOf(from('progress').getAllKeys()),
      resultOf(from('operations').getAll()),
    ]);
    const progressOf = new Map(progressIds.map((id, at) => [id, progress[at] as LocalProgress]));
    const known = conversations as LocalConversation[];
    return {
      account: (account as LocalAccount | undefined) ?? null,
      nextClientId: (nextClientId ?? 1) as ClientId,
      conversations: await Promise.all(
        known.map(async (conversation) => ({
          conversation,
          progress: progressOf.get(conversation.id) ?? newProgress,
          last: await lastOf(conversation.id),
        })),
      ),
      operations: operations as LocalOperation[],
    };
  }

  async function lastOf(conversation: ConversationId): Promise<LocalEntry | null> {
    return (await page({ conversation, before: null, limit: 1 })).at(0) ?? null;
  }

  async function page(range: PageRange): Promise<readonly LocalEntry[]> {
    checkLimit(range.limit);
    const { conversation } = range;
    const found: LocalEntry[] = [];
    const take = (record: unknown) => found.push((record as EntryRecord).entry) < range.limit;
    if ('after' in range) {
      const bounds = ranges.bound([conversation, range.after], [conversation, highest], true);
      await walk(store('entries'), { range: bounds, direction: 'next' }, take);
      return found;
    }
    const bounds = ranges.bound([conversation, lowest], [conversation, range.before ?? highest], false, true);
    await walk(store('entries'), { range: bounds, direction: 'prev' }, take);
    return found.reverse();
  }

  async function search(query: SearchQuery): Promise<SearchResult> {
    checkLimit(query.limit);
    checkSearched(query.text);
    const text = folded(query.text);
    const index = query.conversation === null ? 'messagesByTime' : 'messagesOfConversation';
    const found: LocalEntry[] = [];
    let looked = 0;
    let place: SearchPlace | null = null;
    let next: SearchPlace | null = null;
    await walk(store('entries').index(index), { range: searched(query), direction: 'prev' }, (value) => {
      if (found.length === query.limit || looked === localLimits.searchedMax) {
        next = place;
        return false;
      }
      const record = value as EntryRecord;
      looked++;
      place = placeOf(record.entry);
      if (record.text?.includes(text)) found.push(record.entry);
      return true;
    });
    return { found, next };
  }

  function searched({ conversation, before }: SearchQuery): IdbKeyRange {
    const { at, conversation: id, seq } = before ?? { at: highest, conversation: highest, seq: highest };
    if (conversation === null) return ranges.bound([lowest, lowest, lowest], [at, id, seq], false, true);
    return ranges.bound([conversation, lowest, lowest], [conversation, at, seq], false, true);
  }

  async function key(name: string): Promise<Uint8Array | null> {
    return ((await resultOf(store('keys').get(name))) as Uint8Array | undefined) ?? null;
  }

  async function keyNames(prefix: string): Promise<readonly string[]> {
    const names = (await resultOf(store('keys').getAllKeys())) as string[];
    return names.filter((name) => name.startsWith(prefix));
  }
}
