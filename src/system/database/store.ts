import type { EpochMs } from '../ports.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { ConversationKind, Entry } from '../protocol/frames.ts';
import type { BundleId, ClientId, ConversationId, DeviceId, Seq, UserId, UserName } from '../protocol/ids.ts';
import type { AccountStore } from './account-store.ts';
import type { BlobStore } from './blob-store.ts';
import type { KeyStore } from './key-store.ts';
import type { PresenceStore } from './presence-store.ts';
import type { ReceiptStore } from './receipt-store.ts';

/**
 * Where everything that must survive is kept. Implementations: memory (virtual time, tests) and PostgreSQL; both pass
 * `test/contracts/store.ts`. A method rejects with `StoreFailure` only; then `definite` says whether nothing was written.
 * Each call settles within a bound of the implementation's own: a server waits for it.
 */
export interface Store extends AccountStore {
  /** Encrypted images. */
  readonly blobs: BlobStore;
  /** Key packages and key bundles. */
  readonly keys: KeyStore;

  /** Null when the name, or one that looks like it (`skeletonOf`), is or was somebody's. */
  createUser(user: { name: UserName; passwordHash: string; at: EpochMs }): Promise<UserId | null>;
  /** Looks the name up regardless of case; null also for a deleted user. */
  findUser(name: string): Promise<StoredUser | null>;

  /** Signs a device in; the same user and label is the same device. Null when `checked` does not hold any more. */
  createSession(session: NewSession): Promise<DeviceId | null>;
  /** Null when unknown or expired at `now`. */
  findSession(tokenDigest: string, now: EpochMs): Promise<Identity | null>;
  /**
   * The same, and begins a connection of the device, the newest from now on: nothing is written any more for those that
   * began before it, by whichever server.
   */
  beginConnection(tokenDigest: string, now: EpochMs): Promise<Connected | null>;
  /** Answers whose it was; null when there was none. Nothing more is written for the connection of its device. */
  deleteSession(tokenDigest: string): Promise<UserId | null>;

  /**
   * Accepts messages in one commit: resolves after the commit is durable. Outcomes stand in the order of `sends`.
   * For each conversation, sequences are given without gaps and in the order of `sends`; a repeated
   * (device, client id) gets its first answer and takes no sequence. Membership counts at the commit, and so do the
   * epoch of the keys and which connection of a device is the newest.
   */
  accept(sends: readonly Send[]): Promise<readonly Outcome[]>;
  /** The same for one change of membership or keys, which takes a place in the sequence too. All of it happens or nothing. */
  change(change: Change): Promise<Outcome>;

  /**
   * Entries of one conversation with `after < seq <= upTo`, ascending, at most `limit`. What has expired is missing;
   * `user` sees nothing before the entry that made them a member nor after the one that ended it.
   */
  read(range: ReadRange): Promise<readonly Entry[]>;
  /** All conversations that the user is, or was, a member of, with this device's cursor; ascending by id. */
  membershipsOf(user: UserId, device: DeviceId): Promise<readonly Membership[]>;
  /** What is needed to deliver in one conversation; null when it does not exist. */
  conversation(id: ConversationId): Promise<Conversation | null>;
  /** Last sequence of each conversation; the backstop for lost hints. Unknown ids are missing from the answer. */
  heads(conversations: readonly ConversationId[]): Promise<ReadonlyMap<ConversationId, Seq>>;
  /** Moves delivery cursors forward; never back. Rows of unknown devices or conversations are ignored. */
  moveCursors(cursors: readonly Cursor[]): Promise<void>;
  /** How far users have read, and what others are told of it. */
  readonly receipts: ReceiptStore;
  /** Who is online. */
  readonly presence: PresenceStore;

  /** Deletes at most `limit` messages accepted before `before`; answers how many it deleted. Membership entries stay. */
  expire(before: EpochMs, limit: number): Promise<number>;
  /** Resolves when the store answers, rejects when it does not. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface StoredUser {
  readonly id: UserId;
  readonly name: UserName;
  readonly passwordHash: string;
}

export interface NewSession {
  readonly user: UserId;
  readonly deviceLabel: string;
  readonly tokenDigest: string;
  readonly at: EpochMs;
  readonly expiresAt: EpochMs;
  /** The hash that the password was checked against: it may have been changed since. Default: any will do. */
  readonly checked?: string;
}

/** Who is behind a token. */
export interface Identity {
  readonly user: UserId;
  readonly name: UserName;
  readonly device: DeviceId;
}

/** Somebody on one connection of their device. */
export interface Connected extends Identity {
  /** Higher than that of every connection of the device that began before; 0 is before the first. */
  readonly connection: number;
}

/** Who performs a writing operation, and its id on their device. */
interface Operation {
  readonly by: Connected;
  readonly clientId: ClientId;
  readonly at: EpochMs;
}

export interface Send extends Operation {
  readonly conversation: ConversationId;
  readonly epoch: number;
  /** Base64url. */
  readonly payload: string;
}

export type Change = Operation &
  (
    | { readonly kind: 'openDirect'; readonly with: UserName; readonly keys: KeyUpdate | null }
    | {
        readonly kind: 'createGroup';
        readonly title: string;
        /** Members from the start besides the creator. */
        readonly users: readonly UserName[];
        readonly keys: KeyUpdate | null;
      }
    | {
        readonly kind: 'invite' | 'remove';
        readonly conversation: ConversationId;
        readonly users: readonly UserName[];
        readonly keys: KeyUpdate | null;
      }
    | { readonly kind: 'leave'; readonly conversation: ConversationId }
    | { readonly kind: 'commit'; readonly conversation: ConversationId; readonly keys: KeyUpdate }
  );

/** New keys, made while the conversation was as `epoch` and `sealed` say. */
export interface KeyUpdate extends Pick<KeyState, 'epoch' | 'sealed'> {
  /** Base64url; null when nobody was a member before, or when it is in the bundle. */
  readonly commit: string | null;
  readonly bundle: BundleId | null;
}

/** The keys of a conversation, as far as a server knows of them. */
export interface KeyState {
  /** How many key changes there were; messages must be of it. 0 without encryption. */
  readonly epoch: number;
  /** Place of the last entry by which somebody left since the last key change; 0 when nobody did. Else no message is accepted. */
  readonly sealed: Seq;
  /** That of the last key change. */
  readonly bundle: BundleId | null;
}

/**
 * `accepted`: it is committed. `repeat` means that an earlier call had committed it (or, for `openDirect`, that the
 * conversation existed): nothing new was written. `entry` is what was written, also for a repeat when it is at hand.
 * `superseded`: nothing was written, for a newer connection of the device has begun. What becomes of the operation is for
 * that one to hear: it may be repeated there, or have been.
 */
export type Outcome =
  | {
      readonly kind: 'accepted';
      readonly conversation: ConversationId;
      readonly seq: Seq;
      readonly at: EpochMs;
      readonly repeat: boolean;
      /** For changes: users who came to or left the conversation by it. Empty for messages. */
      readonly affected: readonly UserId[];
      /** The membership entry of a new change; null for messages (the caller has the parts) and repeats. */
      readonly entry: Entry | null;
    }
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      /** With `staleEpoch`: the last entry of the conversation then. Who asked is to know all up to there first. */
      readonly upTo?: Seq;
    }
  | { readonly kind: 'superseded' };

export interface ReadRange {
  readonly conversation: ConversationId;
  readonly user: UserId;
  readonly after: Seq;
  readonly upTo: Seq;
  readonly limit: number;
}

export interface Membership {
  readonly conversation: ConversationId;
  /** First entry that the user sees: the one that made them a member. */
  readonly joinedSeq: Seq;
  /** The last entry that the user sees: the one that ended the membership; null while it lasts. */
  readonly leftSeq: Seq | null;
  /** The device has stored everything up to here; 0 at first. */
  readonly cursor: Seq;
  readonly lastSeq: Seq;
}

export interface Conversation extends KeyState {
  readonly id: ConversationId;
  readonly kind: ConversationKind;
  readonly title: string;
  readonly admin: UserName | null;
  readonly members: readonly { readonly id: UserId; readonly name: UserName }[];
  readonly lastSeq: Seq;
}

export interface Cursor {
  readonly device: DeviceId;
  readonly conversation: ConversationId;
  readonly upTo: Seq;
}

/** The store could not do what was asked. `definite`: nothing was written; otherwise it may have been. */
export class StoreFailure extends Error {
  readonly definite: boolean;
  constructor(message: string, options: { definite: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'StoreFailure';
    this.definite = options.definite;
  }
}
