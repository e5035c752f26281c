import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type {
  KeptConversation,
  LocalDatabase,
  LocalEntry,
  LocalState,
  PageRange,
  SearchPlace,
  SearchQuery,
  SearchResult,
} from '../client/local/contract.ts';
import { localLimits } from '../client/local/contract.ts';
import { checkLimit, checkSearched, folded, placeOf } from '../client/local/rules.ts';
import type { ClientId } from '../protocol/ids.ts';

/** The reading half of a local database in SQLite, as plain calls. */
export type SqliteReader = {
  readonly [name in 'load' | 'page' | 'search' | 'key' | 'keyNames']: (
    ...args: Parameters<LocalDatabase[name]>
  ) => Awaited<ReturnType<LocalDatabase[name]>>;
};

type Row = Readonly<Record<string, SQLOutputValue>>;

const columns = 'conversation, seq, at, sender, device, client_id AS clientId, content';
/** Higher than every place; reads as "no bound". */
const farthest = Number.MAX_SAFE_INTEGER;

export function createReader(sqlite: DatabaseSync): SqliteReader {
  const facts = sqlite.prepare('SELECT name, value FROM facts');
  const conversations = sqlite.prepare('SELECT id, facts, progress FROM conversations ORDER BY id');
  const operations = sqlite.prepare('SELECT operation FROM operations ORDER BY client_id');
  const newest = sqlite.prepare(
    `SELECT ${columns} FROM entries WHERE conversation = ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
  );
  const oldest = sqlite.prepare(
    `SELECT ${columns} FROM entries WHERE conversation = ? AND seq > ? ORDER BY seq LIMIT ?`,
  );
  const messages = sqlite.prepare(
    `SELECT ${columns}, text FROM entries WHERE text IS NOT NULL AND (at, conversation, seq) < (?, ?, ?)
     ORDER BY at DESC, conversation DESC, seq DESC`,
  );
  const messagesOf = sqlite.prepare(
    `SELECT ${columns}, text FROM entries WHERE text IS NOT NULL AND conversation = ? AND (at, seq) < (?, ?)
     ORDER BY at DESC, seq DESC`,
  );
  const oneKey = sqlite.prepare('SELECT bytes FROM keys WHERE name = ?');
  const keyNames = sqlite.prepare(
    'SELECT name FROM keys WHERE substr(name, 1, length(:prefix)) = :prefix ORDER BY name',
  );

  return { load, page, search, key, keyNames: (prefix) => keyNames.all({ prefix }).map((row) => String(row.name)) };

  function load(): LocalState {
    const known = new Map(facts.all().map((row) => [String(row.name), parse(row.value)]));
    return {
      account: (known.get('account') as LocalState['account']) ?? null,
      nextClientId: (known.get('nextClientId') as ClientId) ?? 1,
      conversations: conversations.all().map(keptOf),
      operations: operations.all().map((row) => parse(row.operation) as LocalState['operations'][number]),
    };
  }

  function keptOf({ id, facts, progress }: Row): KeptConversation {
    const last = newest.get(id!, farthest, 1);
    return {
      conversation: parse(facts) as KeptConversation['conversation'],
      progress: parse(progress) as KeptConversation['progress'],
      last: last === undefined ? null : entryOf(last),
    };
  }

  function page(range: PageRange): readonly LocalEntry[] {
    checkLimit(range.limit);
    if ('after' in range) return oldest.all(range.conversation, range.after, range.limit).map(entryOf);
    return newest
      .all(range.conversation, range.before ?? farthest, range.limit)
      .map(entryOf)
      .reverse();
  }

  function search({ text, conversation, limit, before }: SearchQuery): SearchResult {
    checkLimit(limit);
    checkSearched(text);
    const { at, conversation: id, seq } = before ?? { at: farthest, conversation: farthest, seq: farthest };
    const rows = conversation === null ? messages.iterate(at, id, seq) : messagesOf.iterate(conversation, at, seq);
    return sift(rows, folded(text), limit);
  }

  function key(name: string): Uint8Array | null {
    return (oneKey.get(name)?.bytes as Uint8Array | undefined) ?? null;
  }
}

// ---

/** Reads row by row, as far as it is needed. */
function sift(rows: Iterable<Row>, text: string, limit: number): SearchResult {
  const found: LocalEntry[] = [];
  let looked = 0;
  let place: SearchPlace | null = null;
  for (const row of rows) {
    if (found.length === limit || looked === localLimits.searchedMax) return { found, next: place };
    looked++;
    const entry = entryOf(row);
    place = placeOf(entry);
    if (String(row.text).includes(text)) found.push(entry);
  }
  return { found, next: null };
}

function entryOf({ conversation, seq, at, sender, device, clientId, content }: Row): LocalEntry {
  return { conversation, seq, at, sender, device, clientId, content } as unknown as LocalEntry;
}

function parse(value: SQLOutputValue | undefined): unknown {
  return JSON.parse(String(value));
}
