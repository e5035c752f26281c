/**
 * Live delivery: each conversation with somebody connected is a room that stands at one position. An entry that follows
 * the position is pushed at once to every feed that keeps up; one that does not waits shortly for those before it, which
 * are then read from the store. Feeds that lag (a backlog, a slow reader) catch up by themselves and join at the position.
 */
import type { MembershipEntry } from '../protocol/frames.ts';
import type { ConversationId, Seq, UserName } from '../protocol/ids.ts';
import type { RoomReceipts } from './ephemeral/receipts.ts';
import { dropPassed, keep } from './pending.ts';
import type { RoomInfo } from './room-info.ts';
import { changeInfo } from './room-info.ts';
import type { Session } from './session.ts';
import type { Parcel } from './write-frame.ts';

export interface Room {
  readonly id: ConversationId;
  /** Everything up to here has been pushed. */
  at: Seq;
  /** Known to be committed up to here. */
  head: Seq;
  readonly live: Feed[];
  /** Feeds of both kinds; the room ends with the last. */
  feeds: number;
  /** Entries that came before their turn; null when there are none. */
  pending: Map<Seq, Parcel> | null;
  pendingChars: number;
  filling: boolean;
  /** The last change of membership that was pushed or passed over. */
  changedAt: Seq;
  info: RoomInfo | null;
  infoLoading: Promise<RoomInfo | null> | null;
  /** Null where nobody asked for receipts. */
  receipts: RoomReceipts | null;
}

/** One session in one room. */
export interface Feed {
  readonly session: Session;
  readonly room: Room;
  /** `live`: gets entries as they are pushed. `behind`: reads them itself. `ended`: the membership is over. */
  state: 'live' | 'behind' | 'ended';
  /** The session has everything up to here that it may see. */
  sent: Seq;
  /** Up to which entry the membership was looked up, and whether it lasts there; entries after that may change it. */
  readonly knownAt: Seq;
  member: boolean;
  /** Whether the client was told of the conversation, and that the next entry follows `sent`. */
  announced: boolean;
  /** Entries accepted on this very connection and not passed yet: the client has them already. */
  own: Seq[] | null;
  acked: Seq;
  ackDue: boolean;
  /** The user has read up to here, by this session. */
  read: Seq;
  /** Place in `room.live`. */
  place: number;
}

export interface Rooms {
  readonly all: ReadonlyMap<ConversationId, Room>;
  get(id: ConversationId): Room | undefined;
  /** The room, made if need be, of somebody whose memberships were just looked up. `lastSeq` is what the store said. */
  enter(id: ConversationId, lastSeq: Seq): Room;
  /** The feed has caught up: it joins the live ones, or ends. */
  join(feed: Feed): void;
  leave(feed: Feed): void;
  /** An entry is committed. */
  offer(id: ConversationId, parcel: Parcel): void;
  /** Entries up to this one are committed; the caller does not have them. */
  heard(id: ConversationId, seq: Seq): void;
  /** Between these calls memberships are being looked up: what is heard of unknown rooms is remembered. */
  lookupBegins(): void;
  lookupEnds(): void;
  /** After a read of the gap: goes on with what is pending. */
  advance(room: Room): void;
  push(room: Room, parcel: Parcel): void;
  /** The gap cannot be closed for all at once: each feed reads for itself. */
  scatter(room: Room): void;
}

export interface RoomHooks {
  deliver(session: Session, frame: string): void;
  /** The feed needs to catch up. */
  fellBehind(feed: Feed): void;
  /** The feed has become live. */
  joined(feed: Feed): void;
  /** Users came to the conversation. */
  came(id: ConversationId, names: readonly UserName[]): void;
  /** These, or nobody knows who, left it. */
  went(room: Room, names: readonly UserName[] | null): void;
  /** The membership is over. */
  ended(feed: Feed): void;
  /** The membership is over, yet the conversation is known to have gone on. */
  endedEarly(feed: Feed): void;
  /** Something is missing in the room: to be read `now`, or after a while. */
  gap(room: Room, now: boolean): void;
}

export function createRooms(hooks: RoomHooks): Rooms {
  const all = new Map<ConversationId, Room>();
  const missed = new Map<ConversationId, Seq>();
  let lookups = 0;

  return {
    all,
    get: (id) => all.get(id),
    enter,
    join,
    leave,
    offer,
    heard,
    lookupBegins,
    lookupEnds,
    advance,
    push,
    scatter,
  };

  function enter(id: ConversationId, lastSeq: Seq): Room {
    const known = all.get(id);
    const room = known ?? newRoom(id, lastSeq);
    // Counted first: the gap of a room without feeds is nobody's, and is not closed.
    room.feeds++;
    if (known === undefined) {
      all.set(id, room);
      const heardOf = missed.get(id);
      if (heardOf !== undefined) heard(id, heardOf);
    }
    if (lastSeq > room.head) {
      room.head = lastSeq;
      hooks.gap(room, false);
    }
    return room;
  }

  function join(feed: Feed): void {
    if (!feed.member) {
      end(feed);
      return;
    }
    feed.state = 'live';
    feed.place = feed.room.live.push(feed) - 1;
    hooks.joined(feed);
  }

  function leave(feed: Feed): void {
    if (feed.state === 'ended') return;
    if (feed.state === 'live') unlist(feed);
    feed.state = 'ended';
    if (--feed.room.feeds > 0) return;
    all.delete(feed.room.id);
    // Somebody's look-up may be under way that was asked before what this room has heard.
    miss(feed.room.id, feed.room.head);
  }

  function end(feed: Feed): void {
    const { room } = feed;
    leave(feed);
    hooks.ended(feed);
    if (room.head > feed.sent) hooks.endedEarly(feed);
  }

  function offer(id: ConversationId, parcel: Parcel): void {
    const room = all.get(id);
    if (room === undefined) {
      miss(id, parcel.seq);
      return;
    }
    if (parcel.seq <= room.at) return;
    if (parcel.seq > room.head) room.head = parcel.seq;
    if (parcel.seq === room.at + 1) {
      push(room, parcel);
      if (room.pending !== null) advance(room);
      return;
    }
    keep(room, parcel);
    hooks.gap(room, false);
  }

  function heard(id: ConversationId, seq: Seq): void {
    const room = all.get(id);
    if (room === undefined) {
      miss(id, seq);
      return;
    }
    if (seq > room.head) room.head = seq;
    if (seq > room.at) hooks.gap(room, true);
  }

  function miss(id: ConversationId, seq: Seq): void {
    if (lookups === 0 || (missed.size >= missedMax && !missed.has(id))) return;
    missed.set(id, Math.max(missed.get(id) ?? 0, seq) as Seq);
  }

  function lookupBegins(): void {
    lookups++;
  }

  function lookupEnds(): void {
    if (--lookups === 0) missed.clear();
  }

  function advance(room: Room): void {
    let next = room.pending?.get((room.at + 1) as Seq);
    while (next !== undefined) {
      push(room, next);
      next = room.pending?.get((room.at + 1) as Seq);
    }
    if (room.pending !== null) dropPassed(room);
  }

  function push(room: Room, parcel: Parcel): void {
    room.at = parcel.seq;
    // Backwards: a feed that leaves while it is being served is replaced by one that has been.
    for (let i = room.live.length - 1; i >= 0; i--) hand(room.live[i]!, parcel);
    if (parcel.change !== null) applyChange(room, parcel.change);
  }

  function hand(feed: Feed, { seq, text }: Parcel): void {
    if (feed.sent >= seq) return;
    if (feed.own !== null && takeOwn(feed, seq)) feed.sent = seq;
    else if (feed.session.slowSince !== 0) fallBehind(feed);
    else {
      feed.sent = seq;
      hooks.deliver(feed.session, text);
    }
  }

  function applyChange(room: Room, entry: MembershipEntry): void {
    room.changedAt = entry.seq;
    if (room.info !== null) room.info = changeInfo(room.info, entry);
    if (entry.change === 'created' || entry.change === 'added') {
      hooks.came(room.id, entry.users);
      return;
    }
    hooks.went(room, entry.users);
    for (let i = room.live.length - 1; i >= 0; i--) {
      const feed = room.live[i]!;
      if (entry.seq > feed.knownAt && entry.users.includes(feed.session.who!.name)) end(feed);
    }
  }

  function scatter(room: Room): void {
    // Changes of membership are passed over, so what is known of the members no longer holds.
    room.info = null;
    room.at = room.head;
    room.changedAt = room.head;
    if (room.pending !== null) dropPassed(room);
    hooks.went(room, null);
    for (let i = room.live.length - 1; i >= 0; i--) {
      if (room.live[i]!.sent < room.at) fallBehind(room.live[i]!);
    }
  }

  function fallBehind(feed: Feed): void {
    unlist(feed);
    feed.state = 'behind';
    hooks.fellBehind(feed);
  }
}

/** Whether the entry was accepted on this very connection; if so it is crossed off. */
export function takeOwn(feed: Feed, seq: Seq): boolean {
  const place = feed.own?.indexOf(seq) ?? -1;
  if (feed.own === null || place === -1) return false;
  feed.own.splice(place, 1);
  if (feed.own.length === 0) feed.own = null;
  return true;
}

// ---

/** Unknown rooms remembered during look-ups; for those beyond it the backstop poll remains. */
const missedMax = 50_000;

function newRoom(id: ConversationId, lastSeq: Seq): Room {
  return {
    id,
    at: lastSeq,
    head: lastSeq,
    live: [],
    feeds: 0,
    pending: null,
    pendingChars: 0,
    filling: false,
    changedAt: 0 as Seq,
    info: null,
    infoLoading: null,
    receipts: null,
  };
}

function unlist(feed: Feed): void {
  const { live } = feed.room;
  const last = live.pop()!;
  if (last === feed) return;
  live[feed.place] = last;
  last.place = feed.place;
}
