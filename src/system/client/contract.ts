import type { Clock, Log, Ms, Random, Transport } from '../ports.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { ConversationFrame, Entry, OperationFrame } from '../protocol/frames.ts';
import type { ClientId, ConversationId, DeviceId, Seq, ServerId, UserName } from '../protocol/ids.ts';

/**
 * One device's connection to the system, kept up across losses: hello with cursors, resume, backoff with full jitter,
 * heartbeat, outbox (every operation is repeated with its client id until it is answered), inbox (each entry goes to the
 * application once, in the conversation's order; acks are cumulative and coalesced).
 */
export interface ClientSession {
  readonly state: SessionState;
  /** Where one is connected, from `welcome`; null before. */
  readonly server: ServerId | null;
  /** Connects and stays connected until `stop`. */
  start(): void;
  /** Goes offline; the outbox and cursors stay, `start` resumes. Pending acks are sent first. */
  stop(): void;
  /** Cuts the connection without a word, as a lost network does, and stays offline. */
  drop(): void;
  /** Queues a message; its outcome comes as `accepted` or `refused`. Works offline too. */
  send(conversation: ConversationId, payload: string, epoch?: number, options?: AskOptions): ClientId;
  openDirect(other: UserName, options?: ChangeOptions): ClientId;
  /** A group of oneself and `users`. */
  createGroup(title: string, users?: readonly UserName[], options?: ChangeOptions): ClientId;
  invite(conversation: ConversationId, users: readonly UserName[], options?: ChangeOptions): ClientId;
  remove(conversation: ConversationId, users: readonly UserName[], options?: ChangeOptions): ClientId;
  leave(conversation: ConversationId, options?: AskOptions): ClientId;
  /** Changes the keys and nothing else. */
  commit(conversation: ConversationId, keys: NewKeys, options?: AskOptions): ClientId;
  /**
   * The user has read everything up to here. Cumulative; told to the others who ask for receipts. Works offline too.
   */
  read(conversation: ConversationId, upTo: Seq): void;
  /**
   * The user is typing; to be called at every key. Said now and then while connected, to the others who ask for it.
   */
  typing(conversation: ConversationId): void;
  /**
   * Hears from now on of the presence of these users instead of others, also after a reconnect. At most
   * `presenceWatchMax`, of which those who share a conversation with the user count.
   */
  watch(users: readonly UserName[]): void;
  /** Operations not answered yet. */
  readonly pending: number;
  /** The last entry of a conversation up to which everything has been shown; 0 if none. */
  cursor(conversation: ConversationId): Seq;
  /**
   * Up to where the application was told everything; what it keeps as the conversation's cursor, once it has stored what
   * it was told. Lags behind `cursor` while it is open whose entry the opening of a direct conversation is.
   */
  told(conversation: ConversationId): Seq;
  /** With `confirms`: everything up to here is stored on the device, and may be acknowledged. */
  stored(conversation: ConversationId, upTo: Seq): void;
}

export interface AskOptions {
  /**
   * The client id of an operation that this device asked for before it was restarted: it happens once. One that is
   * waiting for its answer here is not asked for again. Default: the next one.
   */
  readonly clientId?: ClientId;
}

export interface ChangeOptions extends AskOptions {
  readonly keys?: NewKeys;
}

/** New keys for a conversation; without them it stays, or is, unencrypted. */
export type NewKeys = Extract<OperationFrame, { type: 'commit' }>['keys'];

/** `offline` until `start`; `connecting` while dialling or waiting to; `catchingUp` from `welcome` to `caughtUp`; then `online`. */
export type SessionState = 'offline' | 'connecting' | 'catchingUp' | 'online';

/** What the application hears. All may be left out. Called synchronously; must not throw. */
export interface SessionHandlers {
  state?(state: SessionState): void;
  /** Dialling begins; `attempt` counts from 1 and again after each success. */
  dialling?(attempt: number): void;
  welcome?(welcome: { user: UserName; device: DeviceId; server: ServerId }): void;
  caughtUp?(): void;
  disconnected?(why: { code: number; reason: string }): void;
  conversation?(conversation: ConversationFrame): void;
  /** The application asked for an operation; comes before it is put on the wire. */
  invoked?(operation: Invocation): void;
  /** An operation was put on the wire, first or again. */
  sent?(operation: { clientId: ClientId; conversation: ConversationId | null; again: boolean }): void;
  /** By an `accepted` frame, or by meeting one's own entry in the backlog. Once per operation. */
  accepted?(answer: { clientId: ClientId; conversation: ConversationId; seq: Seq; at: number }): void;
  refused?(answer: { clientId: ClientId; code: ErrorCode; detail?: string }): void;
  /** A frame with an entry arrived, also a repeated one. */
  wire?(entry: Entry): void;
  /** The application's own copy: once per entry, ascending, own entries excepted (they come as `accepted`). */
  entry?(entry: Entry): void;
  /**
   * Messages from `from` to `to` waited longer than the servers keep them and will never come, `missed` of them by others;
   * in their place among the entries. Once, and exact: all others come.
   */
  expired?(what: { conversation: ConversationId; from: Seq; to: Seq; missed: number }): void;
  acked?(ack: { conversation: ConversationId; upTo: Seq }): void;
  /**
   * A member of a conversation has come further, oneself included (read on another device). `delivered`: at least one of
   * their devices has stored everything up to there. Only with `receipts`; never goes back.
   */
  receipt?(receipt: { conversation: ConversationId; user: UserName; delivered: Seq; read: Seq }): void;
  /** A member has begun to type (`active`) or does not any more: by what they sent, or in silence. Only with `typing`. */
  typing?(typing: { conversation: ConversationId; user: UserName; active: boolean }): void;
  /** How it is with a watched user. `at`: online since, or last seen; 0 when never. */
  presence?(presence: { user: UserName; online: boolean; at: number }): void;
}

/** What the application asked for. */
export interface Invocation {
  readonly op: OperationFrame['type'];
  readonly clientId: ClientId;
  readonly conversation: ConversationId | null;
  /** Whom the operation names. */
  readonly users: readonly UserName[];
  /** Null where the operation has none. */
  readonly payload: string | null;
}

export interface SessionWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly transport: Transport;
}

export interface SessionSettings {
  readonly token: string;
  readonly device: DeviceId;
  /** First client id to use; 1 for a new device. */
  readonly nextClientId?: number;
  /** Whether to hear of receipts. Default false: they cost the server work. */
  readonly receipts?: boolean;
  /** Whether to hear who is typing. Default false. */
  readonly typing?: boolean;
  /** What the device has stored of each conversation in an earlier life. */
  readonly cursors?: Iterable<readonly [ConversationId, Seq]>;
  /** Nothing is acknowledged before the application says `stored`. Default false: what it was told is acknowledged. */
  readonly confirms?: boolean;
  /** Full jitter between 0 and min(max, base × 2^attempt). */
  readonly backoffBaseMs: Ms;
  readonly backoffMaxMs: Ms;
  /** Acks wait this long for others of the same conversation. */
  readonly ackDelayMs: Ms;
}
