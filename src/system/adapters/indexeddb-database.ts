import type { LocalChange, LocalDatabase } from '../client/local/contract.ts';
import { closedProblem, folded, unknownConversation } from '../client/local/rules.ts';
import type { Ms } from '../ports.ts';
import { Problem } from '../problem.ts';
import { createReader } from './indexeddb-reader.ts';
import { committed, indexedDbProblem, resultOf, takeLock } from './indexeddb-requests.ts';
import type {
  IdbDatabase,
  IdbFactory,
  IdbKeyRanges,
  IdbStore,
  IdbTransaction,
  LockManager,
} from './indexeddb-types.ts';

export interface IndexedDbOptions {
  /** One name for one user's device in this browser. */
  readonly name: string;
  /** Default: the browser's. */
  readonly world?: IndexedDbWorld;
  /** How long to wait for another window to close it. Default 0: it is turned away at once. */
  readonly waitMs?: Ms;
  /** Steps of the schema. Default: all that this program knows. */
  readonly schema?: readonly SchemaStep[];
}

export interface IndexedDbWorld {
  readonly factory: IdbFactory;
  readonly ranges: IdbKeyRanges;
  readonly locks: LockManager;
}

export type SchemaStep = (database: IdbDatabase) => void;

/** The database's version says how many of these it has been through. Steps are only ever added, never changed. */
export const indexedDbSchema: readonly SchemaStep[] = [
  (database) => {
    for (const name of ['facts', 'conversations', 'progress', 'operations', 'keys']) database.createObjectStore(name);
    const entries = database.createObjectStore('entries', { keyPath: ['conversation', 'seq'] });
    // Only messages have a `time`, so only they are in these.
    entries.createIndex('messagesByTime', ['time', 'conversation', 'seq']);
    entries.createIndex('messagesOfConversation', ['conversation', 'time', 'seq']);
  },
];

/**
 * The local database of a device in a browser, in IndexedDB. Every write is one transaction of strict durability. A Web
 * Lock keeps a second window out, and ends with its own window. Rejects with a `Problem`.
 */
export async function openIndexedDb(options: IndexedDbOptions): Promise<LocalDatabase> {
  const { name, waitMs = 0, schema = indexedDbSchema } = options;
  const world = options.world ?? browserWorld(name);
  const problem = (error: unknown) => indexedDbProblem(name, error, schema.length);
  try {
    const release = await takeLock(world.locks, name, waitMs);
    try {
      return createDatabase(await open(world.factory, name, schema), { name, world, release, problem });
    } catch (error) {
      release();
      throw error;
    }
  } catch (error) {
    throw problem(error);
  }
}

/**
 * Removes a local database with all that is in it, keys too; it is done as well when there is none. Rejects with a
 * `Problem`, also while a window has it open.
 */
export async function eraseIndexedDb({
  name,
  waitMs = 0,
  world = browserWorld(name),
}: Omit<IndexedDbOptions, 'schema'>): Promise<void> {
  try {
    const release = await takeLock(world.locks, name, waitMs);
    await resultOf(world.factory.deleteDatabase(name)).finally(release);
  } catch (error) {
    throw indexedDbProblem(name, error, indexedDbSchema.length);
  }
}

// ---

interface Context {
  readonly name: string;
  readonly world: IndexedDbWorld;
  readonly release: () => void;
  readonly problem: (error: unknown) => Problem;
}

function browserWorld(name: string): IndexedDbWorld {
  const { indexedDB, IDBKeyRange, navigator } = globalThis as unknown as {
    indexedDB?: IdbFactory;
    IDBKeyRange?: IdbKeyRanges;
    navigator?: { locks?: LockManager };
  };
  if (indexedDB === undefined || IDBKeyRange === undefined || navigator?.locks === undefined) {
    throw new Problem(
      `The local database ${name} needs IndexedDB and Web Locks, which this browser does not offer here; use a newer one, over https.`,
    );
  }
  return { factory: indexedDB, ranges: IDBKeyRange, locks: navigator.locks };
}

function open(factory: IdbFactory, name: string, schema: readonly SchemaStep[]): Promise<IdbDatabase> {
  const request = factory.open(name, schema.length);
  request.addEventListener('upgradeneeded', ({ oldVersion }) => {
    for (const step of schema.slice(oldVersion)) step(request.result);
  });
  return resultOf(request);
}

function createDatabase(database: IdbDatabase, { name, world, release, problem }: Context): LocalDatabase {
  const reader = createReader(database, world.ranges);
  const writing = new Set<Promise<void>>();
  let isOpen = true;
  database.addEventListener('close', end);

  return {
    load: () => answer(() => reader.load()),
    write: (changes) => answer(() => write(changes)),
    page: (range) => answer(() => reader.page(range)),
    search: (query) => answer(() => reader.search(query)),
    key: (key) => answer(() => reader.key(key)),
    keyNames: (prefix) => answer(() => reader.keyNames(prefix)),
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await Promise.allSettled(writing);
      database.close();
      release();
    },
  };

  function end(): void {
    isOpen = false;
    release();
  }

  async function answer<T>(work: () => Promise<T>): Promise<T> {
    if (!isOpen) throw closedProblem(name);
    try {
      return await work();
    } catch (error) {
      throw problem(error);
    }
  }

  function write(changes: readonly LocalChange[]): Promise<void> {
    if (changes.length === 0) return Promise.resolve();
    const done = put(changes);
    writing.add(done);
    return done.finally(() => writing.delete(done));
  }

  async function put(changes: readonly LocalChange[]): Promise<void> {
    // All stores: transactions that share one run in the order in which they were begun, and so do batches then.
    const transaction = database.transaction(stores, 'readwrite', { durability: 'strict' });
    const done = committed(transaction);
    let refusal: Problem | null = null;
    const refuse = (reason: Problem) => {
      refusal ??= reason;
      transaction.abort();
    };
    try {
      for (const change of changes) apply(transaction, change, refuse);
    } catch (error) {
      transaction.abort();
      await done.catch(() => {});
      throw error;
    }
    await done.catch((error) => {
      throw refusal ?? error;
    });
  }
}

const stores = ['facts', 'conversations', 'progress', 'operations', 'keys', 'entries'];

function apply(transaction: IdbTransaction, change: LocalChange, refuse: (reason: Problem) => void): void {
  const store = (name: string): IdbStore => transaction.objectStore(name);
  switch (change.kind) {
    case 'account':
      store('facts').put(change.account, 'account');
      return;
    case 'nextClientId':
      store('facts').put(change.nextClientId, 'nextClientId');
      return;
    case 'conversation':
      store('conversations').put(change.conversation, change.conversation.id);
      return;
    case 'progress': {
      const { conversation, progress } = change;
      const known = store('conversations').get(conversation);
      known.addEventListener('success', () => {
        if (known.result === undefined) refuse(unknownConversation(conversation));
        else store('progress').put(progress, conversation);
      });
      return;
    }
    case 'entry': {
      const { conversation, seq, at } = change.entry;
      const message = change.text === null ? {} : { time: at, text: folded(change.text) };
      store('entries').put({ conversation, seq, entry: change.entry, ...message });
      return;
    }
    case 'operation':
      store('operations').put(change.operation, change.operation.clientId);
      return;
    case 'operationEnded':
      store('operations').delete(change.clientId);
      return;
    case 'key':
      if (change.bytes === null) store('keys').delete(change.name);
      else store('keys').put(change.bytes, change.name);
      return;
    default:
      change satisfies never;
  }
}
