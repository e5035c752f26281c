import type { EpochMs } from '../ports.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { Entry, MembershipEntry } from '../protocol/frames.ts';
import type { BundleId, ClientId, ConversationId, DeviceId, Seq, UserId } from '../protocol/ids.ts';
import type { Departures } from './account-store.ts';
import type { Decision, GroupChange } from './change-rules.ts';
import { creationObstacle, decideChange, isRepeat, keysAtCreation, keysOf, targetNames } from './change-rules.ts';
import type { createMemoryAccounts } from './memory-accounts.ts';
import { createMemoryCursors } from './memory-cursors.ts';
import { createMemoryExpiry } from './memory-expiry.ts';
import type { createMemoryKeys } from './memory-keys.ts';
import {
  describeRoom,
  enter,
  exit,
  keysInEntry,
  newRoom,
  nextSeq,
  pairKey,
  type Room,
  readRoom,
  visibleUpTo,
  wasMemberAt,
} from './memory-room.ts';
import type {
  Change,
  Conversation,
  Cursor,
  Identity,
  KeyUpdate,
  Membership,
  Outcome,
  ReadRange,
  Send,
} from './store.ts';

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
  readonly keys: Pick<ReturnType<typeof createMemoryKeys>, 'mayRefer' | 'refer'>;
}

type CreatingChange = Extract<Change, { kind: 'openDirect' | 'createGroup' }>;

/** Who writes an entry, as far as the entry tells. */
interface Author {
  readonly by: Identity;
  readonly clientId: ClientId;
  readonly at: EpochMs;
}

/** The part of the memory store that holds conversations; all calls are synchronous. */
export function createMemoryConversations({ groupMembersMax, accounts, keys }: World) {
  const rooms: Room[] = [];
  const roomsOf = new Map<UserId, Set<Room>>();
  const directs = new Map<string, Room>();
  const operations = new Map<DeviceId, Map<ClientId, Done>>();
  const cursors = createMemoryCursors();
  const expiry = createMemoryExpiry();
  const farewells = new Map<UserId, Identity>();

  return {
    accept,
    change,
    read: (range: ReadRange): readonly Entry[] => readRoom(roomOf(range.conversation), range),
    membershipsOf,
    conversation: (id: ConversationId): Conversation | null => describeRoom(roomOf(id), accounts.nameOf),
    heads,
    moveCursors: (moves: readonly Cursor[]): void =>
      cursors.move(moves.filter((move) => accounts.isDevice(move.device) && roomOf(move.conversation))),
    storedUpTo: cursors.storedUpTo,
    visibleUpTo: (user: UserId, conversation: ConversationId): Seq => visibleUpTo(roomOf(conversation), user),
    expire: expiry.expire,
    entries,
    depart,
    isMember,
    wasMember,
    forgetDevice: cursors.forgetDevice,
  };

  function accept(send: Send): Outcome {
    const done = operations.get(send.by.device)?.get(send.clientId);
    if (done) return repeat(send, done, []);
    if (isSuperseded(send)) return { kind: 'superseded' };
    const room = roomOf(send.conversation);
    if (!room?.members.includes(send.by.user)) return refused('notMember');
    const { epoch, payload } = send;
    if (epoch !== room.epoch || room.sealed > 0) return { kind: 'refused', code: 'staleEpoch', upTo: room.lastSeq };
    const entry = append(room, send, { change: null, users: [] }, (head) => ({
      ...head,
      type: 'message',
      epoch,
      payload,
    }));
    expiry.written(room, entry.seq);
    return accepted(entry, [], null);
  }

  function change(change: Change): Outcome {
    const people = targetNames(change).map((name) => accounts.person(name) ?? null);
    const done = operations.get(change.by.device)?.get(change.clientId);
    if (done) {
      const named = people.map((person) => person?.id ?? null);
      return repeat(change, done, named);
    }
    if (isSuperseded(change)) return { kind: 'superseded' };
    const targets = people.map((person) => (person === null || person.deleted ? null : person.id));
    if (change.kind === 'openDirect' || change.kind === 'createGroup') return create(change, targets);
    const room = roomOf(change.conversation);
    const decision = decideChange(change, { state: room ?? null, targets, groupMembersMax });
    if (decision.kind === 'refused') return decision;
    return lacksBundle(change) ? refused('unknownBundle') : apply(room!, change, decision);
  }

  function isSuperseded({ by }: Send | Change): boolean {
    return by.connection < accounts.newestConnection(by.device);
  }

  function create(change: CreatingChange, targets: readonly (UserId | null)[]): Outcome {
    const obstacle = creationObstacle(change, { targets, groupMembersMax });
    if (obstacle !== null) return obstacle;
    const users = [...new Set([change.by.user, ...(targets as UserId[])])];
    const kind = change.kind === 'openDirect' ? 'direct' : 'group';
    const known = kind === 'direct' ? directs.get(pairKey(users)) : undefined;
    if (known) {
      const { seq, at } = known.entries[0]!;
      return { kind: 'accepted', conversation: known.id, seq, at, repeat: true, affected: users, entry: null };
    }
    if (lacksBundle(change)) return refused('unknownBundle');
    const room = newRoom({
      id: (rooms.length + 1) as ConversationId,
      kind,
      title: change.kind === 'createGroup' ? change.title : '',
      admin: kind === 'group' ? change.by.user : null,
      ...keysAtCreation(change.keys),
    });
    rooms.push(room);
    if (kind === 'direct') directs.set(pairKey(users), room);
    come(room, users);
    return record(room, change, { change: 'created', users, before: null });
  }

  function apply(room: Room, change: GroupChange, decision: Extract<Decision, { kind: 'apply' }>): Outcome {
    const before = room.bundle;
    room.admin = decision.admin;
    room.epoch = decision.epoch;
    room.bundle = decision.bundle;
    room.sealed = decision.seals ? nextSeq(room) : (0 as Seq);
    if (decision.change === 'added') come(room, decision.users);
    else for (const user of decision.users) exit(room, user);
    return record(room, change, { change: decision.change, users: decision.users, before });
  }

  /** Of those who come together the one who signed up first counts as the longest-standing. */
  function come(room: Room, users: readonly UserId[]): void {
    for (const user of users.toSorted((a, b) => a - b)) {
      enter(room, user);
      const own = roomsOf.get(user) ?? new Set();
      roomsOf.set(user, own.add(room));
    }
  }

  function lacksBundle(change: Change): boolean {
    const bundle = keysOf(change)?.bundle ?? null;
    return bundle !== null && !keys.mayRefer(bundle, change.by.device);
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
      if (room.epoch > 0) room.sealed = nextSeq(room);
      const author = { by, clientId: room.id as number as ClientId, at };
      const change = ends ? 'ended' : 'left';
      return { entry: write(room, author, { change, users: affected, keys: null }), affected };
    });
  }

  /** The device in whose name all of a deleted user's departures are written. */
  function farewellOf(user: UserId): Identity {
    const known = farewells.get(user) ?? accounts.ownDevice(user);
    farewells.set(user, known);
    return known;
  }

  /** `before` is the bundle of the room until now. */
  function record(
    room: Room,
    operation: Change,
    what: { change: MembershipEntry['change']; users: readonly UserId[]; before: BundleId | null },
  ): Outcome {
    const brought = keysOf(operation);
    const entry = write(room, operation, { ...what, keys: brought });
    const { conversation, seq } = entry;
    if (brought !== null) keys.refer({ conversation, seq, before: what.before, bundle: brought.bundle });
    return accepted(entry, what.users, entry);
  }

  function write(
    room: Room,
    author: Author,
    what: { change: MembershipEntry['change']; users: readonly UserId[]; keys: KeyUpdate | null },
  ): MembershipEntry {
    const { change, users } = what;
    return append<MembershipEntry>(room, author, { change, users }, (head) => ({
      ...head,
      type: 'membership',
      change,
      users: users.map(accounts.nameOf),
      admin: room.admin === null ? null : accounts.nameOf(room.admin),
      ...keysInEntry(room, what.keys),
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

  function repeat(asked: Send | Change, done: Done, targets: readonly (UserId | null)[]): Outcome {
    const { room, seq, at, change, users } = done;
    const record = { conversation: room.id, conversationKind: room.kind, title: room.title, change, users };
    if (!isRepeat(asked, record, targets)) return refused('clientIdReused');
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
        cursor: cursors.of(device, room.id),
        lastSeq: room.lastSeq,
      };
    });
  }

  function heads(ids: readonly ConversationId[]): ReadonlyMap<ConversationId, Seq> {
    return new Map(ids.flatMap((id) => (roomOf(id) ? [[id, roomOf(id)!.lastSeq] as const] : [])));
  }

  function* entries(): Iterable<Entry> {
    for (const room of rooms) for (const entry of room.entries) if (entry) yield entry;
  }

  function isMember(user: UserId, conversation: ConversationId): boolean {
    return roomOf(conversation)?.members.includes(user) ?? false;
  }

  function wasMember(user: UserId, { conversation, seq }: { conversation: ConversationId; seq: Seq }): boolean {
    const room = roomOf(conversation);
    return room !== undefined && wasMemberAt(room, user, seq);
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
