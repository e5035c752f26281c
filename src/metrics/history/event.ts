/**
 * The unit of record. A run writes what happened; checks, numbers and charts are folds over that.
 * Users are known by their index in the run (`actor`), servers by their name in `detail`.
 */
export interface HistoryEvent {
  /** Milliseconds since the start of the run, on the one monotonic clock of the machine (or virtual time). */
  readonly t: number;
  /** Index of the user whose event this is; `laboratory` (-1) for faults, phases and marks. */
  readonly actor: number;
  /** Which connection of that user: 1, 2, 3 … ; 0 before the first. */
  readonly session: number;
  readonly kind: EventKind;
  readonly op: EventOp;
  /** Conversation id, or 0. */
  readonly conversation: number;
  /** Place in the conversation, or 0. For `ack`: acknowledged up to here. For `backlog` marks: see `EventOp`. */
  readonly seq: number;
  /** The sender's id of the operation, or 0. (author, clientId) identifies a message. */
  readonly clientId: number;
  /** The other user concerned: author of a delivered entry, one who was invited or removed; -1 if none. */
  readonly peer: number;
  /** Error code, server name, fault, phase; empty if none. */
  readonly detail: string;
}

/**
 * `invoke`: the user asks. `ok`: it certainly happened. `fail`: it certainly did not. `info`: nobody knows (no answer).
 * `wire`: a frame arrived. `app`: the application was shown it, once. `fault`/`heal`: the laboratory disturbs, restores.
 * `mark`: phases and other signposts.
 */
export const eventKinds = ['invoke', 'ok', 'fail', 'info', 'wire', 'app', 'fault', 'heal', 'mark'] as const;
export type EventKind = (typeof eventKinds)[number];

/**
 * `send` … `leave`, `commit`: operations, one event for each user they name (in `peer`); on `app` and `wire`, `send` is a
 * message delivered, `created|added|removed|left|ended|rekeyed` are membership entries delivered, again one event for each
 * user.
 * `connect`: invoke when dialling, ok at `welcome`, fail or info when lost; `disconnect`: ok when the connection ended.
 * `caughtUp`: ok when the backlog is complete. `ack`: invoke, up to `seq`.
 * `stored`: laboratory's reading of the database after the run: message (`peer`, `clientId`) is at `seq`.
 * `phase`: mark, detail = name.
 * `watch`: invoke, one event for each user whose presence is asked for. `presence`: app, the user was told of the presence
 * of `peer`, detail = `online` or `offline`.
 * `upload`, `download`: an image (`clientId` is its number in the run), `peer` who sent it; ok: detail is a digest of its bytes.
 * `encryption`: mark, once at the start of a run whose users encrypt, detail = by what; `stored` then has the detail `opaque` or
 * `plaintext`. `written`: invoke, the user wrote a text; `opened`: ok or fail, what was read of a message of `peer`; detail = a
 * fingerprint of the text.
 * `expired`: mark, once at the start of a run whose messages may expire, detail = after how many milliseconds; on `app`, the
 * user was told that the messages from `seq` to `clientId` have expired.
 */
export const eventOps = [
  'signUp',
  'signIn',
  'connect',
  'disconnect',
  'caughtUp',
  'ack',
  'send',
  'openDirect',
  'createGroup',
  'invite',
  'remove',
  'leave',
  'created',
  'added',
  'removed',
  'left',
  'fault',
  'phase',
  'stored',
  'ended',
  'commit',
  'rekeyed',
  'expired',
  'watch',
  'presence',
  'upload',
  'download',
  'encryption',
  'written',
  'opened',
] as const;
export type EventOp = (typeof eventOps)[number];

/** The actor of events that no user causes. */
export const laboratory = -1;

/** Where events go while a run lasts. Must be cheap: tens of thousands of calls a second. */
export interface HistorySink {
  add(event: HistoryEvent): void;
}
