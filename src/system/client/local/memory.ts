import type { ClientId, ConversationId, Seq } from '../../protocol/ids.ts';
import type {
  LocalAccount,
  LocalChange,
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
} from './contract.ts';
import { localLimits } from './contract.ts';
import {
  checkLimit,
  checkSearched,
  closedProblem,
  folded,
  inUseProblem,
  newProgress,
  placeOf,
  unknownConversation,
} from './rules.ts';

/** What outlives a database in memory: whoever opens the same one again finds what was written. */
export interface MemoryDisk {
  account: LocalAccount | null;
  nextClientId: ClientId;
  readonly conversations: Map<ConversationId, Kept>;
  readonly operations: Map<ClientId, LocalOperation>;
  readonly keys: Map<string, Uint8Array>;
  inUse: boolean;
}

interface Kept {
  conversation: LocalConversation;
  progress: LocalProgress;
}

interface Stored {
  readonly entry: LocalEntry;
  /** Folded; null for what is no message. */
  readonly text: string | null;
}

interface Disk extends MemoryDisk {
  readonly entries: Map<ConversationId, Map<Seq, Stored>>;
}

const name = 'in memory';

export function createMemoryDisk(): MemoryDisk {
  const disk: Disk = {
    account: null,
    nextClientId: 1 as ClientId,
    conversations: new Map(),
    entries: new Map(),
    operations: new Map(),
    keys: new Map(),
    inUse: false,
  };
  return disk;
}

/** For tests, and for those who want nothing kept: what is on `disk` ends with the process. */
export async function openMemoryDatabase(disk: MemoryDisk = createMemoryDisk()): Promise<LocalDatabase> {
  if (disk.inUse) throw inUseProblem(name);
  disk.inUse = true;
  return createDatabase(disk as Disk);
}

// ---

function createDatabase(disk: Disk): LocalDatabase {
  let open = true;

  return {
    load: () => answer(load),
    write: (changes) => answer(() => write(changes)),
    page: (range) => answer(() => page(range)),
    search: (query) => answer(() => search(query)),
    key: (key) => answer(() => disk.keys.get(key)?.slice() ?? null),
    keyNames: (prefix) => answer(() => [...disk.keys.keys()].filter((key) => key.startsWith(prefix)).sort()),
    close: async () => {
      if (open) disk.inUse = false;
      open = false;
    },
  };

  async function answer<T>(work: () => T): Promise<T> {
    if (!open) throw closedProblem(name);
    return work();
  }

  function load(): LocalState {
    const kept = [...disk.conversations.values()].sort((a, b) => a.conversation.id - b.conversation.id);
    return {
      account: disk.account,
      nextClientId: disk.nextClientId,
      conversations: kept.map((one) => ({ ...one, last: lastOf(one.conversation.id) })),
      operations: [...disk.operations.values()].sort((a, b) => a.clientId - b.clientId),
    };
  }

  function lastOf(conversation: ConversationId): LocalEntry | null {
    return ascending(conversation).at(-1)?.entry ?? null;
  }

  function ascending(conversation: ConversationId): readonly Stored[] {
    return [...(disk.entries.get(conversation)?.values() ?? [])].sort((a, b) => a.entry.seq - b.entry.seq);
  }

  function write(changes: readonly LocalChange[]): void {
    const copies = structuredClone(changes);
    const known = new Set(disk.conversations.keys());
    for (const change of copies) {
      if (change.kind === 'conversation') known.add(change.conversation.id);
      if (change.kind === 'progress' && !known.has(change.conversation)) throw unknownConversation(change.conversation);
    }
    for (const change of copies) apply(change);
  }

  function apply(change: LocalChange): void {
    switch (change.kind) {
      case 'account':
        disk.account = change.account;
        return;
      case 'nextClientId':
        disk.nextClientId = change.nextClientId;
        return;
      case 'conversation': {
        const { id } = change.conversation;
        const progress = disk.conversations.get(id)?.progress ?? newProgress;
        disk.conversations.set(id, { conversation: change.conversation, progress });
        return;
      }
      case 'progress':
        disk.conversations.get(change.conversation)!.progress = change.progress;
        return;
      case 'entry': {
        const { conversation, seq } = change.entry;
        const entries = disk.entries.get(conversation) ?? new Map<Seq, Stored>();
        disk.entries.set(conversation, entries);
        entries.set(seq, { entry: change.entry, text: change.text === null ? null : folded(change.text) });
        return;
      }
      case 'operation':
        disk.operations.set(change.operation.clientId, change.operation);
        return;
      case 'operationEnded':
        disk.operations.delete(change.clientId);
        return;
      case 'key':
        if (change.bytes === null) disk.keys.delete(change.name);
        else disk.keys.set(change.name, change.bytes);
        return;
      default:
        change satisfies never;
    }
  }

  function page(range: PageRange): readonly LocalEntry[] {
    checkLimit(range.limit);
    const all = ascending(range.conversation).map(({ entry }) => entry);
    if ('after' in range) return all.filter(({ seq }) => seq > range.after).slice(0, range.limit);
    const { before } = range;
    return all.filter(({ seq }) => before === null || seq < before).slice(-range.limit);
  }

  function search({ text, conversation, limit, before }: SearchQuery): SearchResult {
    checkLimit(limit);
    checkSearched(text);
    const ids = conversation === null ? [...disk.entries.keys()] : [conversation];
    const messages = ids
      .flatMap(ascending)
      .filter((one) => one.text !== null && (before === null || comparePlaces(one.entry, before) < 0))
      .sort((a, b) => comparePlaces(b.entry, a.entry));
    const found: LocalEntry[] = [];
    let looked = 0;
    while (looked < Math.min(messages.length, localLimits.searchedMax) && found.length < limit) {
      const message = messages[looked++]!;
      if (message.text!.includes(folded(text))) found.push(message.entry);
    }
    return { found, next: looked < messages.length ? placeOf(messages[looked - 1]!.entry) : null };
  }
}

function comparePlaces(a: SearchPlace, b: SearchPlace): number {
  return a.at - b.at || a.conversation - b.conversation || a.seq - b.seq;
}
