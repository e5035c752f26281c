import type { Entry } from '../protocol/frames.ts';
import type { Seq } from '../protocol/ids.ts';
import { type Ground, logFailure, pause } from './ground.ts';
import { conversationText, infoOf, type RoomInfo } from './room-info.ts';
import { type Feed, type Room, type Rooms, takeOwn } from './rooms.ts';
import type { Session, SessionPort } from './session.ts';
import { caughtUpText, entryParcel, frameText } from './write-frame.ts';

/**
 * Reads what a session misses, page by page and conversation by conversation in turn, as fast as its socket drains.
 * A feed that has reached its room's position becomes live there and then, so nothing is pushed past what it still reads.
 */
export interface CatchUp {
  add(feed: Feed): void;
  /** Goes on, or finds that all is done: then `caughtUp` is said once. */
  wake(session: Session): void;
}

export function createCatchUp(ground: Ground, sessions: SessionPort, rooms: () => Rooms): CatchUp {
  const { clock, settings, store, reads } = ground;

  return { add, wake };

  function add(feed: Feed): void {
    feed.session.behind.push(feed);
    wake(feed.session);
  }

  function wake(session: Session): void {
    if (session.catchingUp || session.state !== 'open') return;
    session.catchingUp = true;
    void run(session);
  }

  async function run(session: Session): Promise<void> {
    for (let feed = session.behind[0]; feed !== undefined && session.state === 'open'; feed = session.behind[0]) {
      if (session.slowSince !== 0) await new Promise<void>((drained) => (session.drained = drained));
      try {
        const done = feed.state === 'behind' ? await step(feed) : true;
        session.behind.shift();
        if (!done && session.state === 'open') session.behind.push(feed);
      } catch (error) {
        logFailure(ground, 'A backlog could not be read; it is tried again.', error);
        await pause(clock, settings.retryMs);
      }
    }
    session.catchingUp = false;
    if (session.state === 'open' && session.memberships === 'known') sayCaughtUp(session);
  }

  function sayCaughtUp(session: Session): void {
    if (session.caughtUp) return;
    session.caughtUp = true;
    sessions.write(session, caughtUpText);
  }

  /** One page. True when the feed needs no more. */
  async function step(feed: Feed): Promise<boolean> {
    const { room, session } = feed;
    // Not beyond what was looked up: an own entry after that may be the one that ends the membership.
    while (feed.sent < feed.knownAt && takeOwn(feed, (feed.sent + 1) as Seq)) feed.sent++;
    if (!feed.announced) await announce(feed);
    const upTo = targetOf(feed);
    if (feed.sent < upTo && session.state === 'open' && session.slowSince === 0) {
      const range = {
        conversation: room.id,
        user: session.who!.user,
        after: feed.sent,
        upTo,
        limit: settings.backlogPage,
      };
      const page = await reads.run(() => store.read(range));
      if (session.state === 'open') hand(feed, page, upTo);
    }
    if (feed.state !== 'behind') return true;
    if (feed.sent < targetOf(feed) || !feed.announced) return false;
    rooms().join(feed);
    return true;
  }

  function hand(feed: Feed, page: readonly Entry[], upTo: Seq): void {
    for (const entry of page) {
      if (entry.seq !== feed.sent + 1) {
        if (makesMember(feed, entry)) {
          passAbsence(feed, entry.seq);
          return;
        }
        sayExpired(feed, (entry.seq - 1) as Seq);
      }
      feed.sent = entry.seq;
      if (!takeOwn(feed, entry.seq)) sessions.deliver(feed.session, entryParcel(entry).text);
      noteMembership(feed, entry);
      if (feed.session.state !== 'open' || !feed.member || feed.session.slowSince !== 0) return;
    }
    // A membership ends with an entry that the user sees, so who reads up to here is a member.
    if (page.length < settings.backlogPage && feed.sent < upTo) sayExpired(feed, upTo);
  }

  /** What stands before `next` was written while the user was no member: the client is told where to go on. */
  function passAbsence(feed: Feed, next: Seq): void {
    feed.sent = (next - 1) as Seq;
    feed.announced = false;
  }

  function sayExpired(feed: Feed, to: Seq): void {
    const { session, room } = feed;
    const from = (feed.sent + 1) as Seq;
    while (feed.sent < to) takeOwn(feed, ++feed.sent as Seq);
    sessions.write(session, frameText({ type: 'expired', conversation: room.id, from, to }));
  }

  async function announce(feed: Feed): Promise<void> {
    const info = feed.room.info ?? (await load(feed.room));
    if (feed.session.state !== 'open') return;
    feed.announced = true;
    if (info !== null) sessions.write(feed.session, conversationText(feed, info));
  }

  /** Once for all who ask at the same time. */
  function load(room: Room): Promise<RoomInfo | null> {
    room.infoLoading ??= reads
      .run(() => store.conversation(room.id))
      .then((conversation) => {
        const info = conversation === null ? null : infoOf(conversation);
        // A change that has passed the room meanwhile may be missing in what was read.
        if (info !== null && room.changedAt <= info.asOf) room.info = info;
        return info;
      })
      .finally(() => {
        room.infoLoading = null;
      });
    return room.infoLoading;
  }
}

// ---

/** How far a feed reads for itself. */
function targetOf(feed: Feed): Seq {
  return feed.member ? (Math.max(feed.room.at, feed.knownAt) as Seq) : feed.knownAt;
}

/** Nobody can come who is there: what is missing before this entry was written while they were away, and none of it expired. */
function makesMember(feed: Feed, entry: Entry): boolean {
  if (entry.type !== 'membership' || !entry.users.includes(feed.session.who!.name)) return false;
  return entry.change === 'created' || entry.change === 'added';
}

function noteMembership(feed: Feed, entry: Entry): void {
  if (entry.type !== 'membership' || entry.seq <= feed.knownAt) return;
  if (!entry.users.includes(feed.session.who!.name)) return;
  feed.member = entry.change === 'created' || entry.change === 'added';
}
