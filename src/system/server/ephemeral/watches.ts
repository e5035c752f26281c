import type { KnownUser, UserPresence } from '../../database/presence-store.ts';
import type { EpochMs } from '../../ports.ts';
import type { ClientFrame } from '../../protocol/frames.ts';
import type { UserId, UserName } from '../../protocol/ids.ts';
import type { Ground } from '../ground.ts';
import type { Room } from '../rooms.ts';
import type { Session } from '../session.ts';
import { frameText } from '../write-frame.ts';
import { createAcquaintance } from './acquaintance.ts';
import { newEphemeral, type Watch } from './ephemeral.ts';
import type { Outflow, Source } from './outflow.ts';
import { createPresenceReader } from './presence-reader.ts';
import type { Signals } from './signals.ts';
import type { Tally } from './tally.ts';

/**
 * Tells sessions about the presence of users they watch. What is told is always read from the store: signals only say
 * whom to read again, and everybody watched is read again now and then. So what was lost or came in the wrong order
 * does no harm. A user is read once for all who watch.
 */
export interface Watches extends Source {
  start(): void;
  receive(session: Session, frame: Extract<ClientFrame, { type: 'presence' }>): void;
  /** The store says something new about these users, perhaps. */
  changed(users: readonly UserId[]): void;
  /** These, or nobody knows who, left the room: who has seen them by it may have to stop. */
  went(room: Room, names: readonly UserName[] | null): void;
  /** The session's user left a conversation. */
  ended(session: Session): void;
  /** It is known whose session it is. */
  identified(session: Session): void;
  /** The session has caught up with a conversation: others in it may have come or gone. */
  joined(session: Session): void;
  left(session: Session): void;
  /** Questions to the store that wait. */
  readonly waiting: number;
}

interface Watched {
  readonly id: UserId;
  readonly name: UserName;
  /** Null until it was read. */
  state: { readonly online: boolean; readonly at: EpochMs } | null;
  readonly watchers: Set<Session>;
}

interface Parts {
  readonly signals: Signals;
  readonly tally: Tally;
  outflow(): Outflow;
}

export function createWatches(ground: Ground, { signals, tally, outflow }: Parts): Watches {
  const { settings } = ground;
  const watched = new Map<UserId, Watched>();
  const byName = new Map<UserName, Watched>();
  const watching = new Set<Session>();
  let watches = 0;
  const reader = createPresenceReader(ground, learn);
  const acquaintance = createAcquaintance(ground, adopt);

  return {
    start() {
      every(settings.presenceRefreshMs, () => reader.read(watched.keys()));
      every(settings.recheckMs, () => {
        for (const session of watching) acquaintance.look(session, 'sometime');
      });
    },
    receive,
    changed: (users) => reader.read(users.filter((user) => watched.has(user))),
    went,
    ended: suspect,
    identified: lookAgain,
    joined: lookAgain,
    left: (session) => end(session),
    take,
    owes: ({ ephemeral }) => (ephemeral?.watch?.owed.size ?? 0) > 0,
    get waiting() {
      return reader.waiting + acquaintance.waiting;
    },
  };

  function every(periodMs: number, run: () => void): void {
    ground.clock.after(periodMs, () => {
      run();
      every(periodMs, run);
    });
  }

  // --- who watches whom

  function receive(session: Session, { watch: names }: Extract<ClientFrame, { type: 'presence' }>): void {
    if (session.state === 'closed') return;
    if (names.length === 0) {
      end(session);
      return;
    }
    session.ephemeral ??= newEphemeral();
    const before = session.ephemeral.watch;
    if (before === null) begin(session);
    // Those watched before are looked up like all others; who is still there is told of once more.
    session.ephemeral.watch = { names, users: before?.users ?? new Set(), state: 'new', owed: new Set() };
    acquaintance.look(session, 'soon');
  }

  function begin(session: Session): void {
    watching.add(session);
    signals.ask('presence', 1);
  }

  function end(session: Session): void {
    if (!watching.delete(session)) return;
    signals.ask('presence', -1);
    const { ephemeral } = session;
    for (const user of ephemeral!.watch!.users) unwatch(session, user);
    ephemeral!.watch = null;
    acquaintance.forget(session);
  }

  /** What was looked up for the names that the session asked for. */
  function adopt(session: Session, watch: Watch, known: readonly KnownUser[]): void {
    const now = new Map(known.map((one) => [one.user, one]));
    for (const user of [...watch.users]) {
      if (now.has(user)) continue;
      watch.users.delete(user);
      watch.owed.delete(user);
      unwatch(session, user);
    }
    for (const one of now.values()) {
      if (!watch.users.has(one.user) && !start(session, watch, one)) continue;
      if (watch.state === 'new') owe(session, watch, watched.get(one.user)!);
    }
    watch.state = 'sure';
  }

  function start(session: Session, watch: Watch, { user, name }: KnownUser): boolean {
    if (watches >= settings.presenceWatchesMax) {
      tally.dropped++;
      return false;
    }
    watches++;
    watch.users.add(user);
    const known = watched.get(user) ?? { id: user, name, state: null, watchers: new Set() };
    watched.set(user, known);
    byName.set(name, known);
    known.watchers.add(session);
    owe(session, watch, known);
    if (known.state === null) reader.read([user]);
    return true;
  }

  function unwatch(session: Session, user: UserId): void {
    watches--;
    const known = watched.get(user)!;
    known.watchers.delete(session);
    if (known.watchers.size > 0) return;
    watched.delete(user);
    byName.delete(known.name);
  }

  function lookAgain(session: Session): void {
    if (watching.has(session)) acquaintance.look(session, 'soon');
  }

  function went(room: Room, names: readonly UserName[] | null): void {
    if (watching.size === 0) return;
    const gone = names?.flatMap((name) => byName.get(name) ?? []);
    if (gone?.length === 0) return;
    for (const { session } of room.live) {
      if (gone === undefined || gone.some(({ watchers }) => watchers.has(session))) suspect(session);
    }
  }

  /** Until it is known whom the session may still hear of, it hears of nobody. */
  function suspect(session: Session): void {
    const watch = session.ephemeral?.watch;
    if (!watch) return;
    if (watch.state === 'sure') watch.state = 'doubtful';
    acquaintance.look(session, 'soon');
  }

  // --- what is told

  function learn({ user, online, at }: UserPresence): void {
    const known = watched.get(user);
    if (known === undefined) return;
    if (known.state !== null && known.state.online === online && known.state.at === at) return;
    known.state = { online, at };
    for (const session of known.watchers) owe(session, session.ephemeral!.watch!, known);
  }

  function owe(session: Session, watch: Watch, { id, state }: Watched): void {
    if (state === null) return;
    if (watch.owed.has(id)) tally.coalesced++;
    watch.owed.add(id);
    outflow().owe(session);
  }

  function take({ ephemeral }: Session, framesMax: number): readonly string[] {
    const watch = ephemeral?.watch;
    const frames: string[] = [];
    while (watch?.state === 'sure' && watch.owed.size > 0 && frames.length < framesMax) {
      const users = [...watch.owed.values().take(usersPerFrame)];
      for (const user of users) watch.owed.delete(user);
      const told = users.map((user) => watched.get(user)!).map(({ name, state }) => ({ user: name, ...state! }));
      frames.push(frameText({ type: 'presence', users: told }));
    }
    tally.presence += frames.length;
    return frames;
  }
}

// ---

/** A hundred bytes each: a frame stays far below its limit. */
const usersPerFrame = 100;
