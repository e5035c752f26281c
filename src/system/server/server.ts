import type { Ms } from '../ports.ts';
import type { ServerStats } from '../protocol/http.ts';
import { createAccounts } from './accounts.ts';
import { startBackstop } from './backstop.ts';
import { createBlobs } from './blobs.ts';
import { type CatchUp, createCatchUp } from './catch-up.ts';
import { type Connections, createConnections } from './connections.ts';
import type { ChatServer, ServerSettings, ServerWorld } from './contract.ts';
import { createCursors } from './cursors.ts';
import { watchDatabase } from './database-watch.ts';
import { createDepartures } from './departures.ts';
import { createEphemeral, type EphemeralNews } from './ephemeral/create-ephemeral.ts';
import { startExpiry } from './expiry.ts';
import { createGaps } from './gaps.ts';
import { type Ground, pause, scopeClock } from './ground.ts';
import { createHints } from './hints.ts';
import { createHttp } from './http-routes.ts';
import { createKeys } from './keys.ts';
import { createLimiter } from './limiter.ts';
import { createMemberships, type Memberships } from './memberships.ts';
import { createOperations, type Operations } from './operations.ts';
import { createOwnAccount } from './own-account.ts';
import { createPasswordGate } from './password-gate.ts';
import { createQuotas } from './quotas.ts';
import { createRecheck } from './recheck.ts';
import { createRooms, type Rooms } from './rooms.ts';
import { createDirectory } from './session.ts';
import { createSpreadChange } from './spread-change.ts';
import { createStats } from './stats.ts';

/** One chat server: everything it needs of the world is handed in, so the same lines run on real machines and in virtual time. */
export function createServer(world: ServerWorld, settings: ServerSettings): ChatServer {
  const clock = scopeClock(world.clock);
  const { log, random, bus, secrets } = world;
  const database = watchDatabase(world.store, { clock, log, retryMs: settings.retryMs });
  const reads = createLimiter(settings.readsMax);
  const ground: Ground = { clock, random, log, store: database.store, settings, reads };
  const stats = createStats(clock, world.vitals);
  const directory = createDirectory();
  const quotas = createQuotas(clock, settings);
  const cursors = createCursors(ground, (feed, upTo) => ephemeral.delivered(feed, upTo));

  const connections: Connections = createConnections(ground, {
    directory,
    secrets,
    quotas,
    stats,
    hooks: {
      identified(session) {
        memberships.load(session);
        operations.resume(session);
        recheck.identified(session);
        ephemeral.identified(session);
      },
      operation: (session, frame, bytes) => operations.receive(session, frame, bytes),
      ack: (session, { conversation, upTo }) => cursors.acked(session, conversation, upTo),
      ephemeral: (session, frame) => ephemeral.receive(session, frame),
      left(session) {
        ephemeral.left(session);
        for (const feed of session.feeds.values()) rooms.leave(feed);
        session.behind = [];
        operations.resume(session);
      },
    },
  });
  const gaps = createGaps(ground, () => rooms);
  const catchUp: CatchUp = createCatchUp(ground, connections, () => rooms);
  const rooms: Rooms = createRooms({
    deliver: connections.deliver,
    fellBehind: catchUp.add,
    joined: (feed) => ephemeral.joined(feed),
    ended: (feed) => ephemeral.ended(feed),
    went: (room, names) => ephemeral.went(room, names),
    gap: gaps.note,
    came(id, names) {
      for (const name of names) for (const session of directory.named(name)) memberships.touched(session, id);
    },
    endedEarly: (feed) => memberships.touched(feed.session, feed.room.id),
  });
  const memberships: Memberships = createMemberships(ground, rooms, catchUp, cursors);
  const recheck = createRecheck(ground, directory, connections);
  const hints = createHints({ bus, frameCharsMax: settings.hintFrameCharsMax, rooms, memberships, directory, recheck });
  const spreadChange = createSpreadChange({ rooms, hints, directory, memberships });
  const operations: Operations = createOperations(ground, {
    sessions: connections,
    quotas,
    rooms,
    memberships,
    hints,
    stats,
    spreadChange,
  });
  const blobs = createBlobs(ground, secrets);
  const departures = createDepartures(ground, hints, spreadChange);
  const ephemeral: EphemeralNews = createEphemeral(ground, { bus, rooms, sessions: connections, directory });
  let draining: Promise<void> | null = null;

  const passwords = createPasswordGate(clock, settings);
  const http = createHttp(ground, {
    accounts: createAccounts(ground, secrets, passwords),
    own: createOwnAccount(ground, {
      secrets,
      passwords,
      ended: hints.sessionsEnded,
      deleted: departures.begin,
    }),
    blobs,
    keys: createKeys(ground),
    stats: readStats,
    isReady: () => database.up && draining === null,
    isDraining: () => draining !== null,
    signedOut: hints.sessionsEnded,
  });

  return {
    async start() {
      await ground.store.ping();
      bus.subscribe(hints.receive);
      startBackstop(ground, { rooms, directory, memberships, recheck });
      departures.start();
      ephemeral.start();
      startExpiry(ground);
      sweep();
    },
    http,
    accept: connections.accept,
    stats: readStats,
    drain: () => {
      draining ??= drain();
      return draining;
    },
  };

  function readStats(): ServerStats {
    return {
      server: settings.server,
      draining: draining !== null,
      databaseUp: database.up,
      sessions: directory.open,
      inFlight: operations.inFlight,
      ...ephemeral.stats(),
      ...stats.read(),
    };
  }

  function sweep(): void {
    connections.sweep();
    const shortestMs = Math.min(settings.helloMs, settings.heartbeatMs, settings.slowReaderMs);
    clock.after(Math.min(1000, Math.max(10, shortestMs / 4)), sweep);
  }

  async function drain(): Promise<void> {
    const deadline = clock.now() + settings.drainMs;
    operations.stop();
    const transfers = blobs.drain(deadline - settings.drainMs * closingShare);
    connections.goAway();
    while (operations.inFlight > 0 && clock.now() < deadline - settings.drainMs * closingShare) await pause(clock, 5);
    await before(deadline, Promise.all([cursors.flush(), ephemeral.flush()]));
    for (const session of directory.all) connections.close(session, 4003, 'The server is draining.');
    await before(deadline, Promise.all([cursors.flush(), ephemeral.flush()]));
    await before(deadline, transfers);
    clock.cancelAll();
  }

  async function before(deadline: Ms, work: Promise<unknown>): Promise<void> {
    await Promise.race([work, pause(clock, deadline - clock.now())]);
  }
}

// ---

/** Part of the time to drain that is kept for writing cursors and closing. */
const closingShare = 0.2;
