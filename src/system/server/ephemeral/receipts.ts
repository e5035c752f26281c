import type { ConversationPointers } from '../../database/receipt-store.ts';
import type { ReceiptSignal } from '../../database/signal.ts';
import type { Seq, UserName } from '../../protocol/ids.ts';
import { type Ground, logFailure } from '../ground.ts';
import type { Feed, Room, Rooms } from '../rooms.ts';
import type { Session } from '../session.ts';
import { frameText } from '../write-frame.ts';
import { addTo } from './ephemeral.ts';
import type { Outflow, Source } from './outflow.ts';
import { createPacer } from './pacer.ts';
import type { Signals } from './signals.ts';
import { mayBeTold } from './size.ts';
import type { Tally } from './tally.ts';

/** How far the members of a room have come; known in rooms that somebody who asked for receipts is in. */
export interface RoomReceipts {
  /** Present members when they were last counted; 0 before. */
  members: number;
  readonly pointers: Map<UserName, Pointers>;
}

interface Pointers {
  readonly delivered: Seq;
  /** Never more than `delivered`. */
  readonly read: Seq;
  /** Not to be told before the room has come as far as this. */
  readonly at: Seq;
}

/**
 * Tells members how far the others have come. A room's pointers only grow: what the store says, what is written here and
 * what other servers signal is merged. Nothing is told before it is stored, and who connects is told what is stored
 * then; so nobody sees a pointer go back, whatever is lost, doubled or late, and wherever they reconnect.
 */
export interface Receipts extends Source {
  /** A feed has become live: if its session asked for receipts, it is told those of the room. */
  joined(feed: Feed): void;
  /** Pointers of the feed's user were stored. */
  moved(feed: Feed, pointers: { readonly delivered: Seq; readonly read: Seq }): void;
  heard(signal: ReceiptSignal): void;
  /** Feeds whose room's pointers are to be read. */
  readonly waiting: number;
}

interface Parts {
  readonly rooms: Rooms;
  readonly signals: Signals;
  readonly tally: Tally;
  outflow(): Outflow;
}

export function createReceipts(ground: Ground, { rooms, signals, tally, outflow }: Parts): Receipts {
  const { settings, store, reads } = ground;
  const unread = new Set<Feed>();
  const pacer = createPacer(ground.clock, 0, readSome);

  return {
    joined,
    moved,
    heard,
    take,
    owes: (session) => (session.ephemeral?.receiptsOwed.size ?? 0) > 0,
    get waiting() {
      return unread.size;
    },
  };

  // --- what is known

  function joined(feed: Feed): void {
    if (!feed.session.ephemeral?.receipts) return;
    // From now on: what is stored later than the look into the store is signalled.
    feed.room.receipts ??= { members: 0, pointers: new Map() };
    unread.add(feed);
    pacer.wake();
  }

  async function readSome(): Promise<void> {
    const feeds = [...unread.values().take(feedsPerRead)];
    const ids = [...new Set(feeds.map((feed) => feed.room.id))];
    try {
      const found = await reads.run(() => store.receipts.pointers(ids, settings.ephemeralMembersMax));
      for (const each of found) learn(each);
      for (const feed of feeds) {
        unread.delete(feed);
        tellAll(feed);
      }
      if (unread.size > 0) pacer.wake();
    } catch (error) {
      logFailure(ground, 'Receipts could not be read; it is tried again.', error);
      pacer.wake(settings.retryMs);
    }
  }

  function learn({ conversation, members, pointers }: ConversationPointers): void {
    const room = rooms.get(conversation);
    if (room?.receipts === null || room === undefined) return;
    room.receipts.members = members;
    for (const { user, delivered, read } of pointers) note(room, user, { delivered, read, at: 0 as Seq });
  }

  function moved(feed: Feed, { delivered, read }: { readonly delivered: Seq; readonly read: Seq }): void {
    const { room, session, state } = feed;
    if (room.receipts === null && !signals.isWanted('receipts')) return;
    if (state === 'ended' || !mayBeTold(room, settings)) return;
    const user = session.who!.name;
    const at = room.at;
    note(room, user, { delivered, read, at });
    if (signals.isWanted('receipts'))
      signals.send({ kind: 'receipt', conversation: room.id, user, delivered, read, at });
  }

  function heard({ conversation, user, delivered, read, at }: ReceiptSignal): void {
    const room = rooms.get(conversation);
    if (room !== undefined && mayBeTold(room, settings)) note(room, user, { delivered, read, at });
  }

  function note(room: Room, user: UserName, news: Pointers): void {
    const { receipts } = room;
    if (receipts === null) return;
    const known = receipts.pointers.get(user) ?? unmoved;
    const read = Math.max(known.read, news.read) as Seq;
    const delivered = Math.max(known.delivered, news.delivered, read) as Seq;
    if (read === known.read && delivered === known.delivered) return;
    receipts.pointers.set(user, { delivered, read, at: Math.max(known.at, news.at) as Seq });
    for (const { session } of room.live) {
      if (session.ephemeral?.receipts && session.who!.name !== user) owe(session, room, user);
    }
  }

  // --- what is told

  function tellAll(feed: Feed): void {
    const { room, session } = feed;
    if (feed.state !== 'live' || room.receipts === null || session.ephemeral === null) return;
    for (const user of room.receipts.pointers.keys()) owe(session, room, user);
  }

  function owe(session: Session, room: Room, user: UserName): void {
    if (!addTo(session.ephemeral!.receiptsOwed, room.id, user)) tally.coalesced++;
    outflow().owe(session);
  }

  function take(session: Session, framesMax: number): readonly string[] {
    const frames: string[] = [];
    for (const [conversation, users] of session.ephemeral?.receiptsOwed ?? []) {
      if (frames.length >= framesMax) break;
      const feed = session.feeds.get(conversation);
      // Its room may know less than the session was told by another server, until it has looked into the store.
      if (feed !== undefined && unread.has(feed)) continue;
      if (feed?.state === 'live') frames.push(...framesOf(feed.room, users, framesMax - frames.length));
      // When it becomes live again it is told everything.
      else users.clear();
      if (users.size === 0) session.ephemeral!.receiptsOwed.delete(conversation);
    }
    return frames;
  }

  /** What the room is not ready for stays. */
  function framesOf(room: Room, users: Set<UserName>, framesMax: number): readonly string[] {
    const frames: string[] = [];
    const known = mayBeTold(room, settings) ? room.receipts : null;
    for (const user of users) {
      if (frames.length >= framesMax) break;
      const pointers = known?.pointers.get(user);
      if (pointers !== undefined && pointers.at > room.at) continue;
      users.delete(user);
      if (pointers === undefined) continue;
      const { delivered, read } = pointers;
      frames.push(frameText({ type: 'receipt', conversation: room.id, user, delivered, read }));
    }
    return frames;
  }
}

// ---

/** Feeds whose rooms' pointers are read at once. */
const feedsPerRead = 500;
const unmoved: Pointers = { delivered: 0 as Seq, read: 0 as Seq, at: 0 as Seq };
