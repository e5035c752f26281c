import type { Membership } from '../database/store.ts';
import type { ConversationId, Seq } from '../protocol/ids.ts';
import type { CatchUp } from './catch-up.ts';
import type { Cursors } from './cursors.ts';
import { type Ground, logFailure, pause } from './ground.ts';
import type { Feed, Rooms } from './rooms.ts';
import type { Session } from './session.ts';

/** Which conversations a session gets: looked up at `hello`, when something changes, and once in a while. */
export interface Memberships {
  /** Looks all memberships up and begins what is new. Called meanwhile, it looks again afterwards. */
  load(session: Session): void;
  /** Something changed for this user in this conversation. Does nothing if the session follows it already. */
  touched(session: Session, conversation: ConversationId): void;
  /** The session's operation took this place: it has the entry, by `accepted`, and is not sent it. */
  noteOwn(session: Session, conversation: ConversationId, seq: Seq): void;
}

export function createMemberships(ground: Ground, rooms: Rooms, catchUp: CatchUp, cursors: Cursors): Memberships {
  return { load, touched, noteOwn };

  function load(session: Session): void {
    if (session.memberships === 'loading' || session.memberships === 'stale') session.memberships = 'stale';
    else void look(session);
  }

  function touched(session: Session, conversation: ConversationId): void {
    if (session.state === 'open' && !isFollowed(session, conversation)) load(session);
  }

  function noteOwn(session: Session, conversation: ConversationId, seq: Seq): void {
    if (session.state !== 'open') return;
    const feed = session.feeds.get(conversation);
    if (feed === undefined || feed.state === 'ended') {
      if (feed !== undefined && seq <= feed.sent) return;
      noteEarly(session, conversation, seq);
      load(session);
      return;
    }
    if (seq <= feed.sent || feed.own?.includes(seq)) return;
    if (feed.own === null) feed.own = [seq];
    else feed.own.push(seq);
  }

  async function look(session: Session): Promise<void> {
    const { user, device } = session.who!;
    do {
      session.memberships = 'loading';
      rooms.lookupBegins();
      try {
        const list = await ground.reads.run(() => ground.store.membershipsOf(user, device));
        if (session.state === 'open') adopt(session, list);
      } catch (error) {
        session.memberships = 'stale';
        logFailure(ground, 'Memberships could not be read; it is tried again.', error);
        await pause(ground.clock, ground.settings.retryMs);
      } finally {
        rooms.lookupEnds();
      }
    } while (session.state === 'open' && isStale(session));
    session.memberships = 'known';
    session.ownEarly = null;
    catchUp.wake(session);
  }

  function adopt(session: Session, list: readonly Membership[]): void {
    const { claims } = session;
    session.claims = null;
    for (const membership of list) {
      if (isFollowed(session, membership.conversation)) continue;
      follow(session, membership, claims?.get(membership.conversation));
    }
  }

  function follow(session: Session, membership: Membership, claim: Seq | undefined): void {
    const { conversation, lastSeq, leftSeq, joinedSeq, cursor } = membership;
    const before = session.feeds.get(conversation);
    // A look-up that is older than the end of the membership, which the session has seen, proves nothing.
    if (before !== undefined && lastSeq <= before.sent) return;
    const stored = before?.sent ?? Math.min(claim ?? cursor, lastSeq);
    const sent = Math.max(joinedSeq - 1, stored) as Seq;
    if (leftSeq !== null && sent >= leftSeq) return;
    const feed: Feed = {
      session,
      room: rooms.enter(conversation, lastSeq),
      state: 'behind',
      sent,
      knownAt: leftSeq ?? lastSeq,
      member: leftSeq === null,
      announced: false,
      own: ownAfter(session, conversation, sent),
      acked: Math.max(cursor, before?.acked ?? 0) as Seq,
      ackDue: false,
      read: before?.read ?? zero,
      place: 0,
    };
    session.feeds.set(conversation, feed);
    if (claim !== undefined) cursors.ack(feed, sent);
    catchUp.add(feed);
  }
}

// ---

const zero = 0 as Seq;

function isStale(session: Session): boolean {
  return session.memberships === 'stale';
}

function isFollowed(session: Session, conversation: ConversationId): boolean {
  const feed = session.feeds.get(conversation);
  return feed !== undefined && feed.state !== 'ended';
}

function noteEarly(session: Session, conversation: ConversationId, seq: Seq): void {
  session.ownEarly ??= new Map();
  const known = session.ownEarly.get(conversation);
  if (known === undefined) session.ownEarly.set(conversation, [seq]);
  else known.push(seq);
}

/** Own entries still to be passed over: noted before there was a feed, or left over by the feed of an earlier stay. */
function ownAfter(session: Session, conversation: ConversationId, sent: Seq): Seq[] | null {
  const early = session.ownEarly?.get(conversation) ?? [];
  const left = session.feeds.get(conversation)?.own ?? [];
  const own = [...left, ...early].filter((seq) => seq > sent);
  return own.length === 0 ? null : own;
}
