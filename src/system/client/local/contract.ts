import type { EpochMs } from '../../ports.ts';
import type { ConversationKind } from '../../protocol/frames.ts';
import type { ClientId, ConversationId, DeviceId, Seq, UserName } from '../../protocol/ids.ts';

/**
 * What one device of one user keeps: account, conversations, entries, operations without an answer, states of keys.
 * Implementations: memory, SQLite (Node), IndexedDB (browsers); all pass `test/contracts/local-database.ts`.
 * Methods reject with `Problem` only: one sentence that names the database, the cause and the remedy. An open database is
 * locked: nobody else can open it until it is closed or its process has ended.
 */
export interface LocalDatabase {
  /** Everything that is small enough to be held in memory. */
  load(): Promise<LocalState>;
  /**
   * Makes all changes or none, in their order, and resolves when they are on the disk: neither kill -9 nor loss of power
   * takes them back. Batches become durable in the order of the calls; calls need not wait for one another.
   */
  write(changes: readonly LocalChange[]): Promise<void>;
  /** Entries of one conversation, ascending, at most `limit` (1 to `localLimits.pageMax`). */
  page(range: PageRange): Promise<readonly LocalEntry[]>;
  /** Messages whose text contains `text`, without regard to case, the newest first. */
  search(query: SearchQuery): Promise<SearchResult>;
  /** The state of keys kept under this name; null when there is none. */
  key(name: string): Promise<Uint8Array | null>;
  /** Names of all key states that begin with `prefix`, ascending. */
  keyNames(prefix: string): Promise<readonly string[]>;
  /** Waits for what is being written and lets others in. Afterwards all methods reject. */
  close(): Promise<void>;
}

export const localLimits = {
  /** Entries of one page, and hits of one search. */
  pageMax: 500,
  /** Messages that one search looks at; `next` says where to go on. Bounds the time that it holds up others. */
  searchedMax: 20_000,
} as const;

export interface LocalState {
  readonly account: LocalAccount | null;
  /** First client id that was never used; 1 in a new database. */
  readonly nextClientId: ClientId;
  /** Ascending by id. */
  readonly conversations: readonly KeptConversation[];
  /** In the order of their client ids, which is that of their asking. */
  readonly operations: readonly LocalOperation[];
}

/** A conversation as `load` tells of it. */
export interface KeptConversation {
  readonly conversation: LocalConversation;
  readonly progress: LocalProgress;
  /** The entry with the highest sequence; null when there is none. */
  readonly last: LocalEntry | null;
}

/** Whose database it is, and on which device. */
export interface LocalAccount {
  /** Where the system is reached, for example `https://chat.example`. */
  readonly origin: string;
  readonly name: UserName;
  /** The same label is the same device to the servers; another database must have another one. */
  readonly deviceLabel: string;
  /** Null before the first sign-in. */
  readonly device: DeviceId | null;
  /** Opens the socket; null when signed out. */
  readonly token: string | null;
}

export interface LocalConversation {
  readonly id: ConversationId;
  readonly kind: ConversationKind;
  /** Of a direct conversation the other's name. */
  readonly title: string;
  readonly admin: UserName | null;
  /** Empty when the user is no member any more. */
  readonly members: readonly UserName[];
  /** Members and admin hold after this entry. */
  readonly asOf: Seq;
}

/** How far a conversation is known here. A new one has 0 in all three. */
export interface LocalProgress {
  /** Every entry up to here is stored, or is not for this user. */
  readonly cursor: Seq;
  /** The user has read up to here. */
  readonly read: Seq;
  /** Messages of others after `read`. */
  readonly unread: number;
}

export interface LocalEntry {
  readonly conversation: ConversationId;
  readonly seq: Seq;
  readonly at: EpochMs;
  readonly sender: UserName;
  readonly device: DeviceId;
  readonly clientId: ClientId;
  /** What it says, in the writing of the application. */
  readonly content: string;
}

/** An operation without an answer, or one that failed and that the user has not put away. */
export interface LocalOperation {
  readonly clientId: ClientId;
  /** What was asked for, in the writing of the application. */
  readonly asked: string;
  /** As it goes on the wire, each time the same; null before it was made ready. */
  readonly sealed: string | null;
  /** Why it failed for good; null while it waits. */
  readonly failure: { readonly code: string; readonly detail: string } | null;
}

export type LocalChange =
  | { readonly kind: 'account'; readonly account: LocalAccount }
  | { readonly kind: 'nextClientId'; readonly nextClientId: ClientId }
  /** Adds a conversation or replaces what is known of it; its progress stays. */
  | { readonly kind: 'conversation'; readonly conversation: LocalConversation }
  /** The conversation must exist. */
  | { readonly kind: 'progress'; readonly conversation: ConversationId; readonly progress: LocalProgress }
  /** Adds or replaces. `text` is what a search finds it by; null for what is no message. */
  | { readonly kind: 'entry'; readonly entry: LocalEntry; readonly text: string | null }
  /** Adds or replaces. */
  | { readonly kind: 'operation'; readonly operation: LocalOperation }
  | { readonly kind: 'operationEnded'; readonly clientId: ClientId }
  /** Null removes. */
  | { readonly kind: 'key'; readonly name: string; readonly bytes: Uint8Array | null };

/** `before`: the newest entries before that place (null: of all). `after`: the oldest ones after it. */
export type PageRange = { readonly conversation: ConversationId; readonly limit: number } & (
  | { readonly before: Seq | null }
  | { readonly after: Seq }
);

export interface SearchQuery {
  /** Not empty. */
  readonly text: string;
  /** Null: all conversations. */
  readonly conversation: ConversationId | null;
  /** 1 to `localLimits.pageMax`. */
  readonly limit: number;
  /** From `next` of the search before; null at first. */
  readonly before: SearchPlace | null;
}

export interface SearchResult {
  /** By time, conversation and sequence, descending. */
  readonly found: readonly LocalEntry[];
  /** Where to go on; null when everything has been looked at. */
  readonly next: SearchPlace | null;
}

/** Where a search stands. */
export interface SearchPlace {
  readonly at: EpochMs;
  readonly conversation: ConversationId;
  readonly seq: Seq;
}
