import type { EpochMs } from '../ports.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { ConversationKind, Entry, MembershipEntry } from '../protocol/frames.ts';
import type { ClientId, ConversationId, DeviceId, Seq, UserId } from '../protocol/ids.ts';
import type { Departures } from './account-store.ts';
import type { Decision, GroupChange } from './change-rules.ts';
import { decideChange, isRepeat, targetName } from './change-rules.ts';
import type { createMemoryAccounts } from './memory-accounts.ts';
import { describeRoom, lastSeq, nextSeq, type Room, readRoom } from './memory-room.ts';
import type { Change, Conversation, Cursor, Identity, Membership, Outcome, ReadRange, Send } from './store.ts';

interface Done {
  readonly room: Room;
  readonly seq: Seq;
  readonly at: EpochMs;
  readonly change: MembershipEntry['change'] | null;
  readonly users: readonly UserId[];
}

interface World {
  readonly groupMembersMax: number;
  readonly accounts: Pick<
    ReturnType<typeof createMemoryAccounts>,
    'person' | 'nameOf' | 'isDevice' | 'newestConnection' | 'ownDevice'
  >;
}

/** Who writes an entry, as far as the entry tells. */
interface Author {
  readonly by: Identity;
  readonly clientId: ClientId;
  readonly at: EpochMs;
}

/** The part of the memory store that holds conversations; all calls are synchronous. */
export function createMemoryConversations({ groupMembersMax, accounts }: World) {
  const rooms: Room[] = [];
  const roomsOf = new Map<UserId, Set<Room>>();
  const directs = new Map<string, Room>();
  const operations = new Map<DeviceId, Map<ClientId, Done>>();
  const cursors = new Map<DeviceId, Map<ConversationId, Seq>>();
  const farewells = new Map<UserId, Identity>();
  /** For each room with messages, where the search for expired ones goes on. */
  const oldest = new Map<Room, Seq>();

  return {
    accept,
    change,
    read: (range: ReadRange): readonly Entry[] => readRoom(roomOf(range.conversation), range),
    membershipsOf,
    conversation: (id: ConversationId): Conversation | null => describeRoom(roomOf(id), accounts.nameOf),
    heads,
    moveCursors,
    storedUpTo,
    visibleUpTo,
    expire,
    entries,
    depart,
    isMember,
    forgetDevice: (device: DeviceId) => void cursors.delete(device),
  };

  function accept(send: Send): Outcome {
    const done = operations.get(send.by.device)?.get(send.clientId);
    if (done) return repeat(send, done, null);
    if (isSuperseded(send)) return { kind: 'superseded' };
    const room = roomOf(send.conversation);
    if (!room?.members.includes(send.by.user)) return refused('notMember');
    const { epoch, payload } = send;
    const entry = append(room, send, { change: null, users: [] }, (head) => ({
      ...head,
      type: 'message',
      epoch,
      payload,
    }));
    if (!oldest.has(room)) oldest.set(room, entry.seq);
    return accepted(entry, [], null);
  }

  function change(change: Change): Outcome {
    const name = targetName(change);
    const person = name === null ? undefined : accounts.person(name);
    const done = operations.get(change.by.device)?.get(change.clientId);
    if (done) return repeat(change, done, person?.id ?? null);
    const target = person === undefined || person.deleted ? null : person.id;
    if (isSuperseded(change)) return { kind: 'superseded' };
    if (change.kind === 'openDirect') return openDirect(change, target);
    if (change.kind === 'createGroup') return create('group', change, [change.by.user]);
    const room = roomOf(change.conversation);
    const decision = decideChange(change, {
      state: room ?? null,
      target,
      groupMembersMax,
    });
    return decision.kind === 'refused' ? decision : apply(room!, change, decision);
  }

  function isSuperseded({ by }: Send | Change): boolean {
    return by.connection < accounts.newestConnection(by.device);
  }

  function openDirect(change: Change, target: UserId | null): Outcome {
    if (target === null) return refused('unknownUser');
    const pair = [...new Set([change.by.user, target])];
    const existing = directs.get(pairKey(pair));
    if (existing) {
      const { seq, at } = existing.entries[0]!;
      return { kind: 'accepted', conversation: existing.id, seq, at, repeat: true, affected: pair, entry: null };
    }
    return create('direct', change, pair);
  }

  function create(kind: ConversationKind, change: Change, users: readonly UserId[]): Outcome {
    const room: Room = {
      id: (rooms.length + 1) as ConversationId,
      kind,
      title: change.kind === 'createGroup' ? change.title : '',
      admin: kind === 'group' ? change.by.user : null,
      members: [],
      stays: new Map(),
      entries: [],
    };
    rooms.push(room);
    if (kind === 'direct') directs.set(pairKey(users), room);
    for (const user of users) enter(room, user);
    return record(room, change, 'created', users);
  }

  function apply(room: Room, change: GroupChange, decision: Extract<Decision, { kind: 'apply' }>): Outcome {
    room.admin = decision.admin;
    if (decision.change === 'added') enter(room, decision.user);
    else exit(room, decision.user);
    return record(room, change, decision.change, [decision.user]);
  }

  /** Takes a deleted user out of at most `limit` conversations. */
  function depart({ user, limit, at }: { user: UserId; limit: number; at: EpochMs }): Departures['written'] {
    const present = [...(roomsOf.get(user) ?? [])].filter((room) => room.members.includes(user));
    if (present.length === 0) return [];
    const by = farewellOf(user);
    return present.slice(0, limit).map((room) => {
      const ends = room.kind === 'direct';
      if (ends) directs.delete(pairKey(room.members));
      const affected = ends ? [user, ...room.members.filter((member) => member !== user)] : [user];
      if (room.admin === user) room.admin = room.members.find((member) => member !== user) ?? null;
      for (const gone of affected) exit(room, gone);
      const author = { by, clientId: room.id as number as ClientId, at };
      return { entry: write(room, author, ends ? 'ended' : 'left', affected), affected };
    });
  }

  /** The device in whose name all of a deleted user's departures are written. */
  function farewellOf(user: UserId): Identity {
    const known = farewells.get(user) ?? accounts.ownDevice(user);
    farewells.set(user, known);
    return known;
  }

  /** The membership ends with the entry that is written next. */
  function exit(room: Room, user: UserId): void {
    room.members.splice(room.members.indexOf(user), 1);
    room.stays.get(user)!.at(-1)!.leftSeq = nextSeq(room);
  }

  /** The user becomes a member with the entry that is written next. */
  function enter(room: Room, user: UserId): void {
    room.members.push(user);
    const stays = room.stays.get(user) ?? [];
    stays.push({ joinedSeq: nextSeq(room), leftSeq: null });
    room.stays.set(user, stays);
    const own = roomsOf.get(user) ?? new Set();
    roomsOf.set(user, own.add(room));
  }

  function record(room: Room, operation: Change, change: MembershipEntry['change'], users: readonly UserId[]): Outcome {
    const entry = write(room, operation, change, users);
    return accepted(entry, users, entry);
  }

  function write(room: Room, author: Author, change: MembershipEntry['change'], users: readonly UserId[]) {
    return append<MembershipEntry>(room, author, { change, users }, (head) => ({
      ...head,
      type: 'membership',
      change,
      users: users.map(accounts.nameOf),
      admin: room.admin === null ? null : accounts.nameOf(room.admin),
    }));
  }

  function append<E extends Entry>(
    room: Room,
    { by, clientId, at }: Author,
    what: Pick<Done, 'change' | 'users'>,
    make: (head: Omit<Entry, 'type'>) => E,
  ): E {
    const seq = nextSeq(room);
    const entry = make({ conversation: room.id, seq, at, sender: by.name, device: by.device, clientId });
    room.entries.push(entry);
    const own = operations.get(by.device) ?? new Map<ClientId, Done>();
    operations.set(by.device, own.set(clientId, { room, seq, at, ...what }));
    return entry;
  }

  function repeat(asked: Send | Change, done: Done, target: UserId | null): Outcome {
    const { room, seq, at, change, users } = done;
    const record = { conversation: room.id, conversationKind: room.kind, title: room.title, change, users };
    if (!isRepeat(asked, record, target)) return refused('clientIdReused');
    return { kind: 'accepted', conversation: room.id, seq, at, repeat: true, affected: users, entry: null };
  }

  function membershipsOf(user: UserId, device: DeviceId): readonly Membership[] {
    const own = [...(roomsOf.get(user) ?? [])].sort((a, b) => a.id - b.id);
    return own.map((room) => {
      const stays = room.stays.get(user)!;
      return {
        conversation: room.id,
        joinedSeq: stays[0]!.joinedSeq,
        leftSeq: stays.at(-1)!.leftSeq,
        cursor: cursors.get(device)?.get(room.id) ?? (0 as Seq),
        lastSeq: lastSeq(room),
      };
    });
  }

  function heads(ids: readonly ConversationId[]): ReadonlyMap<ConversationId, Seq> {
    return new Map(ids.flatMap((id) => (roomOf(id) ? [[id, lastSeq(roomOf(id)!)] as const] : [])));
  }

  function moveCursors(moves: readonly Cursor[]): void {
    for (const { device, conversation, upTo } of moves) {
      if (!accounts.isDevice(device) || !roomOf(conversation)) continue;
      const own = cursors.get(device) ?? new Map<ConversationId, Seq>();
      own.set(conversation, Math.max(own.get(conversation) ?? 0, upTo) as Seq);
      cursors.set(device, own);
    }
  }

  function storedUpTo(devices: readonly DeviceId[], conversation: ConversationId): Seq {
    return Math.max(0, ...devices.map((device) => cursors.get(device)?.get(conversation) ?? 0)) as Seq;
  }

  function visibleUpTo(user: UserId, conversation: ConversationId): Seq {
    const room = roomOf(conversation);
    const last = room?.stays.get(user)?.at(-1);
    return room && last ? (last.leftSeq ?? lastSeq(room)) : (0 as Seq);
  }

  function expire(before: EpochMs, limit: number): number {
    let deleted = 0;
    for (const [room, from] of oldest) {
      let seq = from as number;
      for (; seq <= room.entries.length && deleted < limit; seq++) {
        const entry = room.entries[seq - 1];
        if (entry?.type !== 'message') continue;
        if (entry.at >= before) break;
        room.entries[seq - 1] = null;
        deleted++;
      }
      oldest.set(room, seq as Seq);
    }
    return deleted;
  }

  function* entries(): Iterable<Entry> {
    for (const room of rooms) for (const entry of room.entries) if (entry) yield entry;
  }

  function isMember(user: UserId, conversation: ConversationId): boolean {
    return roomOf(conversation)?.members.includes(user) ?? false;
  }

  function roomOf(id: ConversationId): Room | undefined {
    return rooms[id - 1];
  }
}

// ---

function accepted(entry: Entry, affected: readonly UserId[], membership: Entry | null): Outcome {
  const { conversation, seq, at } = entry;
  return { kind: 'accepted', conversation, seq, at, repeat: false, affected, entry: membership };
}

function refused(code: ErrorCode): Outcome {
  return { kind: 'refused', code };
}

function pairKey(users: readonly UserId[]): string {
  return [...users].sort((a, b) => a - b).join('-');
}
