import type { Clock, EpochMs, Log, Random, Transport } from '../../ports.ts';
import type { Problem } from '../../problem.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { ConversationKind } from '../../protocol/frames.ts';
import type { DevicesAnswer } from '../../protocol/http.ts';
import type { ClientId, ConversationId, DeviceId, Seq, ServerId, UserName } from '../../protocol/ids.ts';
import type { AccountOutcome } from '../ask.ts';
import type { BalancerView } from '../balancer-view.ts';
import type { SessionHandlers } from '../contract.ts';
import type { LocalDatabase, SearchPlace } from '../local/contract.ts';
import type { Content, Gap } from './content.ts';
import type { ImagePorts, MessengerImages } from './image-contract.ts';
import type { Sealing, SealingContext } from './sealing.ts';
import type { MessengerTrust, Verification } from './trust-contract.ts';

/**
 * The public interface of a chat client: one user on one device, over a local database. What is asked for is kept before
 * it is sent and survives restarts; what arrives is kept before the servers are told so. Each operation happens once,
 * each entry is kept once, whatever breaks in between. `docs/sdk.md` is its manual.
 */
export interface Messenger extends MessengerImages, MessengerTrust {
  /** Null before the first sign-in on this database. */
  readonly me: Me | null;
  /** Whether there is a token, so that `start` needs no password. */
  readonly isSignedIn: boolean;
  readonly state: MessengerState;

  /** Makes the user and signs in. After an `unknown` outcome it may have been done: try `signIn`. */
  signUp(who: Credentials): Promise<AccountOutcome<Me>>;
  /** Rejects with a `Problem` when the database belongs to somebody else. Signing in again keeps the device. */
  signIn(who: Credentials): Promise<AccountOutcome<Me>>;
  /** The token ends; what is in the database stays. */
  signOut(): Promise<AccountOutcome<null>>;
  /** Signs out on all devices of the user, this one too; then as `signOut`. */
  signOutEverywhere(): Promise<AccountOutcome<null>>;
  /** Signs out on all other devices. */
  changePassword(passwords: { readonly old: string; readonly new: string }): Promise<AccountOutcome<null>>;
  /** One's own devices that are signed in, the one that signed in last first. */
  devices(): Promise<AccountOutcome<readonly OwnDevice[]>>;
  signOutDevice(device: DeviceId): Promise<AccountOutcome<null>>;
  /**
   * For good: the user leaves all groups, direct conversations end, and the name is never free again. What is in the
   * database stays, to be read or thrown away.
   */
  deleteAccount(password: string): Promise<AccountOutcome<null>>;
  /** The name as its owner writes it; null when there is no such user. */
  findUser(name: string): Promise<AccountOutcome<UserName | null>>;

  /** Goes online and stays so. Throws a `Problem` before the first sign-in. */
  start(): void;
  /** Goes offline; what is asked for meanwhile waits. */
  stop(): void;
  /** Stores what has arrived, goes offline and closes the database. */
  close(): Promise<void>;

  /** Sends a text; see `Asked`. Throws a `Problem` when it is empty or too long. */
  send(conversation: ConversationId, text: string, options?: SendOptions): Asked;
  /** Finds or opens the direct conversation with a user. */
  openDirect(user: string): Asked;
  /** A group of oneself, its admin, and of `users`. */
  createGroup(title: string, users?: readonly string[]): Asked;
  /** Adds users to a group, all or none. Admin only. */
  invite(conversation: ConversationId, users: readonly string[]): Asked;
  /** Removes users from a group, all or none. Admin only. */
  remove(conversation: ConversationId, users: readonly string[]): Asked;
  leave(conversation: ConversationId): Asked;
  /** Asks again, behind all others, for an operation that failed. Throws a `Problem` when none of this id did. */
  retry(id: LocalId): Asked;
  /** Puts a failed operation away. */
  discard(id: LocalId): Promise<void>;
  /** Operations that wait or have failed, in the order of asking. */
  waiting(conversation?: ConversationId): readonly Operation[];
  /** Resolves when all that was asked for so far is kept: from then on it survives a crash. */
  saved(): Promise<void>;

  /** All conversations, the one with the newest entry first. */
  conversations(): readonly Conversation[];
  conversation(id: ConversationId): Conversation | null;
  /** Entries of a conversation, ascending: the newest before a place, or the oldest after one. */
  history(range: HistoryRange): Promise<readonly Item[]>;
  /** Messages whose text contains `text`, without regard to case, the newest first. */
  search(query: SearchOptions): Promise<{ readonly found: readonly Item[]; readonly next: SearchPlace | null }>;
  /**
   * The user has read everything up to here; never goes back. Resolves when it is kept; then it is told to members who ask
   * for receipts, and to the user's other devices when they connect, where it counts as well. In large groups to nobody.
   */
  markRead(conversation: ConversationId, upTo: Seq): Promise<void>;
  /** How far the other members have come, as far as the servers tell: not in large groups. */
  receipts(conversation: ConversationId): readonly Receipt[];
  /**
   * Hears from now on of these users instead of others, by `presence` events, also after a reconnect: of those who share a
   * conversation with the user. Throws a `Problem` when they are more than `presenceWatchMax`.
   */
  watch(users: readonly string[]): void;
  /** How it is with a watched user; null while that is not known: offline, before it was told, or of a stranger. */
  presence(user: string): Presence | null;
  /** How the balancer before the servers spreads connections now; an `unknown` outcome where there is none. */
  balancer(): Promise<AccountOutcome<BalancerView>>;
  /** The user is typing; to be called at every key. Lost while offline. */
  typing(conversation: ConversationId): void;

  /** Calls `listener` until the answered function is called. Comes after what it tells of is stored. */
  on<K extends keyof MessengerEvents>(event: K, listener: (what: MessengerEvents[K]) => void): () => void;
}

export interface Credentials {
  readonly name: string;
  readonly password: string;
}

export interface Me {
  readonly name: UserName;
  readonly device: DeviceId;
  readonly origin: string;
}

/** Names an operation on this device for good, and with it the own message that it becomes. */
export type LocalId = ClientId;

export interface MessengerState {
  /** `connecting` also while dialling again after a loss, and until all that was missed is there. */
  readonly connection: 'offline' | 'connecting' | 'online';
  /**
   * Why it went offline by itself; `signIn` and `start` help against `signInAgain`, `start` against `takenOver` (another
   * program uses the same device). After `broken` the database could not be used: close, and open it again.
   */
  readonly trouble: 'signInAgain' | 'takenOver' | 'broken' | null;
  /** The server that one is connected to; null while offline or connecting. */
  readonly server: ServerId | null;
  /** Operations without an answer. */
  readonly waiting: number;
  /** Operations that failed and were not put away. */
  readonly failed: number;
}

export interface SendOptions {
  /** Marks read up to here in the same write: an answer and the mark of what it answers are kept together or not at all. */
  readonly readUpTo?: Seq;
}

/** An operation that was asked for. */
export interface Asked {
  readonly id: LocalId;
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
}

/**
 * `sent`: accepted by the servers, at this place. `failed`: it certainly did not happen. `unanswered`: the messenger was
 * closed first; the operation goes on when the database is opened again.
 */
export type Outcome =
  | { readonly kind: 'sent'; readonly conversation: ConversationId; readonly seq: Seq; readonly at: EpochMs }
  | Failure
  | { readonly kind: 'unanswered' };

export interface Failure {
  readonly kind: 'failed';
  /** `notSealed`: it could not be encrypted. */
  readonly code: ErrorCode | 'notSealed';
  /** For people. */
  readonly reason: string;
}

/** An operation as the user sees it until it is an entry. */
export interface Operation {
  readonly id: LocalId;
  /** Null when it is to make one. */
  readonly conversation: ConversationId | null;
  readonly what: OperationKind;
  /** Of a message; null otherwise. */
  readonly content: Content | null;
  /** When it was asked for. */
  readonly at: EpochMs;
  readonly state: { readonly kind: 'queued' } | Exclude<Outcome, { kind: 'unanswered' }>;
}

export type OperationKind = 'send' | 'openDirect' | 'createGroup' | 'invite' | 'remove' | 'leave';

export interface Conversation {
  readonly id: ConversationId;
  readonly kind: ConversationKind;
  /** Of a group its title, of a direct conversation the other's name. */
  readonly title: string;
  readonly admin: UserName | null;
  /** Empty when one is no member any more. */
  readonly members: readonly UserName[];
  readonly isMember: boolean;
  /** Whether its messages are encrypted between the devices of its members. */
  readonly isEncrypted: boolean;
  /** The newest entry that is worth a line: no mere change of keys. */
  readonly last: Item | null;
  /** Messages of others after `read`. */
  readonly unread: number;
  readonly read: Seq;
}

/** One entry of a conversation: a message, a change of membership, or a gap that time has made. */
export interface Item {
  readonly conversation: ConversationId;
  readonly seq: Seq;
  /** Of a gap: of the entry before it. */
  readonly at: EpochMs;
  /** Empty for a gap. */
  readonly sender: UserName;
  /** From this user, on whichever device. */
  readonly isOwn: boolean;
  /** The operation that it was, if it came from this device. */
  readonly id: LocalId | null;
  readonly content: Content;
}

export type HistoryRange = { readonly conversation: ConversationId; readonly limit?: number } & (
  | { readonly before?: Seq }
  | { readonly after: Seq }
);

export interface SearchOptions {
  readonly text: string;
  /** Default: all. */
  readonly conversation?: ConversationId;
  /** Default 50, at most 500. */
  readonly limit?: number;
  /** From `next` of the search before. */
  readonly before?: SearchPlace | null;
}

export interface Receipt {
  readonly user: UserName;
  /** At least one of their devices has stored everything up to here. */
  readonly delivered: Seq;
  readonly read: Seq;
}

export interface Presence {
  readonly user: UserName;
  readonly online: boolean;
  /** Online since, or last seen; 0 when never. */
  readonly at: EpochMs;
}

export type OwnDevice = DevicesAnswer['devices'][number];

export interface MessengerEvents {
  state: MessengerState;
  /** New, or changed in any way but its last entry. */
  conversation: Conversation;
  /** An entry was stored: of others, from another device of one's own, or one's own that was accepted. */
  item: Item;
  /** Messages from `from` to `to` were kept by the servers no longer and never come; an `item` has come in their place. */
  expired: Gap & { readonly conversation: ConversationId };
  /** An operation is kept, was accepted, or failed. */
  operation: Operation;
  /** Another member has come further. */
  receipt: Receipt & { readonly conversation: ConversationId };
  /** Another member has begun to type, or does not any more. */
  typing: { readonly conversation: ConversationId; readonly user: UserName; readonly active: boolean };
  /** Somebody who is watched has come, gone, or was asked about anew. */
  presence: Presence;
  /** Somebody was verified or forgotten, has devices that nobody compared, or that was acknowledged. */
  verification: Verification;
  /** The database cannot be used any more; the messenger has stopped. */
  broken: Problem;
}

export interface MessengerWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly database: LocalDatabase;
  /** The way to the servers at an origin. */
  readonly transportTo: (origin: string) => Transport;
  /** `createMlsSealing` of an encryption. Default: nothing is encrypted. */
  readonly sealing?: (context: SealingContext) => Sealing;
  /** Left out: no images are sent or read. */
  readonly images?: ImagePorts;
  /** Hears what the connection does, before the messenger; for whoever measures it. */
  readonly observe?: SessionHandlers;
}

export interface MessengerOptions {
  /** Where the system is reached. Default: what the database says; a new one needs it. */
  readonly origin?: string;
  /** Begins the name of the device; a random part is added, so that no two databases are one device. Default `device`. */
  readonly label?: string;
}

export const messengerLimits = {
  /** Operations that wait; `send` throws beyond. */
  waitingMax: 10_000,
  /** Entries that wait to be stored; beyond, the connection is given up until they are. */
  arrivalsMax: 5_000,
} as const;
