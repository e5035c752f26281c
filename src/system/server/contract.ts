import type { Bus } from '../database/bus.ts';
import type { Store } from '../database/store.ts';
import type {
  Clock,
  HttpRequest,
  HttpResponse,
  Log,
  Ms,
  Random,
  Secrets,
  Socket,
  SocketHandlers,
  Vitals,
} from '../ports.ts';
import type { ServerStats } from '../protocol/http.ts';
import type { ServerId } from '../protocol/ids.ts';

/** One chat server. Whoever makes it connects it to a network: real sockets in `adapters/`, virtual ones in the laboratory. */
export interface ChatServer {
  /** Starts timers and listens to the bus. Rejects when the store does not answer. */
  start(): Promise<void>;
  /** Answers one HTTP request; never rejects. `remote` is the client's address. */
  http(request: HttpRequest & { readonly remote: string }): Promise<HttpResponse>;
  /** Takes a new message connection on `socketPath`. */
  accept(socket: Socket): SocketHandlers;
  stats(): ServerStats;
  /** Refuses new work, says `goAway`, finishes what was begun, closes; resolves within `drainMs`. */
  drain(): Promise<void>;
}

export interface ServerWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: Store;
  readonly bus: Bus;
  readonly secrets: Secrets;
  readonly vitals: Vitals;
}

/** Every setting has a unit and a default in `serverDefaults`. */
export interface ServerSettings {
  readonly server: ServerId;
  /** Clients must say something this often. */
  readonly heartbeatMs: Ms;
  /** Time from connection to `hello`. */
  readonly helloMs: Ms;
  /** Longest wait of a send for its batch, when another batch is not being committed anyway. */
  readonly batchWaitMs: Ms;
  readonly batchSizeMax: number;
  readonly batchBytesMax: number;
  /** Operations received and not yet answered, in the whole server; more are refused with `busy`. */
  readonly queueMax: number;
  readonly queueBytesMax: number;
  /** Changes of membership being written at once. */
  readonly changesMax: number;
  /** After an operation that is to be repeated, how long later ones of the same session and conversation wait for it. */
  readonly repeatFirstMs: Ms;
  /** Acks are gathered this long before the cursors are written. */
  readonly ackFlushMs: Ms;
  /** How often each conversation with somebody connected is compared with the store, in case a hint was lost. */
  readonly backstopMs: Ms;
  /** How often the token and the memberships of each session are compared with the store. */
  readonly recheckMs: Ms;
  /** How long an entry waits for the one before it to come by a hint, before that is read from the store. */
  readonly gapWaitMs: Ms;
  /** How long a reader may stay above `sessionBufferBytesMax`. */
  readonly slowReaderMs: Ms;
  readonly sessionBufferBytesMax: number;
  /** Entries fetched at once for a backlog. */
  readonly backlogPage: number;
  /** Reads of the store at once, for all sessions together. */
  readonly readsMax: number;
  /** Frames up to this size travel with their hint. */
  readonly hintFrameCharsMax: number;
  /** Receipts and typing are gathered this long. */
  readonly ephemeralWindowMs: Ms;
  /** Members of the largest group in which they are told. */
  readonly ephemeralMembersMax: number;
  /** Read pointers that wait for the store, and signals that wait for the bus. */
  readonly ephemeralQueueMax: number;
  /** How long a user without a connection still counts as online. */
  readonly presenceGraceMs: Ms;
  /** Changes of presence are gathered this long before they are written. */
  readonly presenceWindowMs: Ms;
  /** A server that could not renew its lease for so long is taken for dead. */
  readonly presenceLeaseMs: Ms;
  /** How often the presence of watched users is read again, in case a signal was lost. */
  readonly presenceRefreshMs: Ms;
  /** Watched users, summed over all sessions. */
  readonly presenceWatchesMax: number;
  /** Pause before a failed read, flush or ping is tried again. */
  readonly retryMs: Ms;
  readonly drainMs: Ms;
  readonly tokenLifeMs: Ms;
  /** Messages, blobs and key bundles older than this are deleted. */
  readonly expiryMs: Ms;
  readonly expiryEveryMs: Ms;
  /** Messages deleted at once. */
  readonly expiryBatch: number;
  /** Uploads and downloads of blobs at once on this server; more are refused with `busy`. */
  readonly blobUploadsMax: number;
  readonly blobDownloadsMax: number;
  /** The same of one user; more are refused with `tooMany`. */
  readonly blobUploadsPerUserMax: number;
  readonly blobDownloadsPerUserMax: number;
  /** Bytes that a user may upload in a day, through all servers. */
  readonly blobBytesPerUserPerDay: number;
  /** Chunks of blobs being written and read at once. */
  readonly blobCallsMax: number;
  /** An upload that is not finished after this is taken to be one of a server that died. */
  readonly blobUnfinishedMs: Ms;
  /** Blobs deleted at once. */
  readonly blobExpiryBatch: number;
  /** Claims of key packages, and uploads of key packages and bundles, per user in one minute. */
  readonly keyClaimsPerMinute: number;
  readonly keyUploadsPerMinute: number;
  /** Key packages and bundles on their way at once on this server; more are refused with `busy`. */
  readonly keyTransfersMax: number;
  /** The same of one user; more are refused with `tooMany`. */
  readonly keyTransfersPerUserMax: number;
  /** A key bundle that no key change has referred to after this is deleted. */
  readonly keyBundleWaitMs: Ms;
  /** Key bundles deleted at once. */
  readonly keyExpiryBatch: number;
  /** Passwords being hashed at once, and waiting for it. */
  readonly passwordsMax: number;
  readonly passwordQueueMax: number;
  /** Sign-ups and sign-ins, per name and per address, in one minute. */
  readonly signInPerMinutePerName: number;
  readonly signInPerMinutePerAddress: number;
  /** Requests of all kinds from one address. */
  readonly requestsPerMinutePerAddress: number;
  /** Names that one user may look up. */
  readonly lookupsPerMinutePerUser: number;
  /** Messages of one user, on all connections to this server together; so many at once, then so many a second. */
  readonly sendsPerSecPerUser: number;
  readonly sendBurstPerUser: number;
  /** The same for all users of one address. */
  readonly sendsPerSecPerAddress: number;
  readonly sendBurstPerAddress: number;
  /** Changes of conversations and their members by one user; each user who is brought or taken counts. */
  readonly changesPerMinutePerUser: number;
  /** Frames of all kinds; beyond, the connection is closed with 4004. */
  readonly framesPerSecPerConnection: number;
  readonly frameBurstPerConnection: number;
  /** Open connections at this server; more are closed with 4012. */
  readonly connectionsPerUserMax: number;
  readonly connectionsPerAddressMax: number;
}
