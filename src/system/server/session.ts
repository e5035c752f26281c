/** One connection and what the server knows of it. There are thousands: what is rarely needed is made when needed. */
import type { Connected } from '../database/store.ts';
import type { Ms, Socket } from '../ports.ts';
import type { CloseCode } from '../protocol/errors.ts';
import type { ClientId, ConversationId, DeviceId, Seq, UserId, UserName } from '../protocol/ids.ts';
import type { Ephemeral } from './ephemeral/ephemeral.ts';
import type { Fence } from './fence.ts';
import type { Operation } from './operations.ts';
import type { Allowance } from './quotas.ts';
import type { Bucket } from './rate-limit.ts';
import type { Feed } from './rooms.ts';

export interface Session {
  readonly socket: Socket;
  /** `new` until `hello`, `greeting` while its token is looked up, `open` from `welcome`, `closed` for good. */
  state: 'new' | 'greeting' | 'open' | 'closed';
  /** Null until `open`. */
  who: Connected | null;
  tokenDigest: string;
  readonly openedAt: Ms;
  heardAt: Ms;
  /** When this side closed the connection; 0 before. */
  closedAt: Ms;
  /** Since when its buffer has been too full, 0 when it is not. */
  slowSince: Ms;
  malformed: number;
  malformedSince: Ms;
  /** What it may still send; null before it was counted. */
  frames: Bucket | null;
  ofAddress: Allowance | null;
  /** Null until `open`. */
  ofUser: Allowance | null;

  // --- operations
  /** Operations so far; numbers them in the order of arrival. */
  arrivals: number;
  /** Not yet answered. */
  inFlight: number;
  /** Of these, messages on their way to the store. */
  sending: number;
  /** Operations waiting behind a change of membership, or for `welcome`; null when the way is free. */
  lane: Operation[] | null;
  changing: boolean;
  fences: Map<ConversationId, Fence> | null;

  // --- delivery
  readonly feeds: Map<ConversationId, Feed>;
  /** Feeds that have something to catch up with, in turn. */
  behind: Feed[];
  catchingUp: boolean;
  /** Whether `caughtUp` was sent. */
  caughtUp: boolean;
  /** Waits for the socket to drain. */
  drained: (() => void) | null;
  /** What `hello` claimed to have; null once the memberships are known. */
  claims: Map<ConversationId, Seq> | null;
  memberships: 'unknown' | 'loading' | 'stale' | 'known';
  /** Accepted on this connection in conversations that are not known here yet. */
  ownEarly: Map<ConversationId, Seq[]> | null;

  /** What it asked for besides entries; null when nothing. */
  ephemeral: Ephemeral | null;
  /** When it last said that the user is typing, by conversation; null when never. */
  typedAt: Map<ConversationId, Ms> | null;
}

export function newSession(socket: Socket, now: Ms): Session {
  return {
    socket,
    state: 'new',
    who: null,
    tokenDigest: '',
    openedAt: now,
    heardAt: now,
    closedAt: 0,
    slowSince: 0,
    malformed: 0,
    malformedSince: now,
    frames: null,
    ofAddress: null,
    ofUser: null,
    arrivals: 0,
    inFlight: 0,
    sending: 0,
    lane: null,
    changing: false,
    fences: null,
    feeds: new Map(),
    behind: [],
    catchingUp: false,
    caughtUp: false,
    drained: null,
    claims: null,
    memberships: 'unknown',
    ownEarly: null,
    ephemeral: null,
    typedAt: null,
  };
}

/** What may be done to a session from everywhere. */
export interface SessionPort {
  /** Queues a frame; notices a reader that has become slow. */
  write(session: Session, frame: string): void;
  /** The same for an entry, which is counted. */
  deliver(session: Session, frame: string): void;
  refuse(session: Session, refusal: Refusal): void;
  close(session: Session, code: CloseCode, reason: string): void;
}

export interface Refusal {
  readonly code: 'malformed' | 'tooLarge' | 'outOfOrder' | 'busy' | 'databaseDown' | 'tooMany';
  readonly clientId?: ClientId | undefined;
  readonly detail?: string;
  readonly retryAfterMs?: Ms;
}

/** The sessions by whom they belong to. */
export interface Directory {
  /** Every connection, also before `hello`. */
  readonly all: ReadonlySet<Session>;
  /** How many have not been closed. */
  readonly open: number;
  connected(session: Session): void;
  /** Makes an identified session known; answers the older connection of the same device. */
  identified(session: Session, who: Connected): Session | null;
  /** Forgets who it was; it stays in `all` until `gone`. */
  left(session: Session): void;
  gone(session: Session): void;
  ofUser(user: UserId): readonly Session[];
  named(name: UserName): readonly Session[];
}

export function createDirectory(): Directory {
  const all = new Set<Session>();
  const byDevice = new Map<DeviceId, Session>();
  const byUser = new Map<UserId, Session[]>();
  /** Shares its lists with `byUser`. */
  const byName = new Map<UserName, Session[]>();
  let closed = 0;

  return {
    all,
    get open() {
      return all.size - closed;
    },
    connected: (session) => void all.add(session),
    identified(session, who) {
      const older = byDevice.get(who.device) ?? null;
      byDevice.set(who.device, session);
      const list = byUser.get(who.user) ?? [];
      list.push(session);
      byUser.set(who.user, list);
      byName.set(who.name, list);
      return older;
    },
    left(session) {
      closed++;
      const { who } = session;
      if (who === null) return;
      if (byDevice.get(who.device) === session) byDevice.delete(who.device);
      const list = byUser.get(who.user)!;
      list.splice(list.indexOf(session), 1);
      if (list.length > 0) return;
      byUser.delete(who.user);
      byName.delete(who.name);
    },
    gone(session) {
      if (all.delete(session)) closed--;
    },
    ofUser: (user) => byUser.get(user) ?? nobody,
    named: (name) => byName.get(name) ?? nobody,
  };
}

// ---

const nobody: readonly Session[] = [];
