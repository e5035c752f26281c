import type { EpochMs } from '../ports.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { ConversationKind, Entry, MembershipEntry } from '../protocol/frames.ts';
import type { ClientId, ConversationId, DeviceId, Seq, UserId, UserName } from '../protocol/ids.ts';
import type { Decision, GroupChange } from './change-rules.ts';
import { decideChange, isRepeat, targetName } from './change-rules.ts';
import type { Change, Conversation, Cursor, Membership, Outcome, ReadRange, Send } from './store.ts';

interface Room {
  readonly id: ConversationId;
  readonly kind: ConversationKind;
  readonly title: string;
  admin: UserId | null;
  /** Present members, the longest-standing first. */
  readonly members: UserId[];
  /** Every stay that there was, by user; the last one may be open. */
  readonly stays: Map<UserId, Stay[]>;
  /** Entry `seq` at `seq - 1`; null once it has expired. */
  readonly entries: (Entry | null)[];
}

interface Stay {
  readonly joinedSeq: Seq;
  leftSeq: Seq | null;
}

interface Done {
  readonly room: Room;
  readonly seq: Seq;
  readonly at: EpochMs;
  readonly change: MembershipEntry['change'] | null;
  readonly users: readonly UserId[];
}

interface World {
  readonly groupMembersMax: number;
  findUser(name: string): { readonly id: UserId } | undefined;
  nameOf(user: UserId): UserName;
  deviceCount(): number;
  newestConnection(device: DeviceId): number;
}

/** The part of the memory store that holds conversations; all calls are synchronous. */
export function createMemoryConversations(world: World) {
  const rooms: Room[] = [];
  const roomsOf = new Map<UserId, Set<Room>>();
  const directs = new Map<string, Room>();
  const operations = new Map<DeviceId, Map<ClientId, Done>>();
  const cursors = new Map<DeviceId, Map<ConversationId, Seq>>();
  /** For each room with messages, where the search for expired ones goes on. */
  const oldest = new Map<Room, Seq>();

  return { accept, change, read, membershipsOf, conversation, heads, moveCursors, expire, entries, isMember };

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
    const target = name === null ? null : (world.findUser(name)?.id ?? null);
    const done = operations.get(change.by.device)?.get(change.clientId);
    if (done) return repeat(change, done, target);
    if (isSuperseded(change)) return { kind: 'superseded' };
    if (change.kind === 'openDirect') return openDirect(change, target);
    if (change.kind === 'createGroup') return create('group', change, [change.by.user]);
    const room = roomOf(change.conversation);
    const decision = decideChange(change, {
      state: room ?? null,
      target,
      groupMembersMax: world.groupMembersMax,
    });
    return decision.kind === 'refused' ? decision : apply(room!, change, decision);
  }

  function isSuperseded({ by }: Send | Change): boolean {
    return by.connection < world.newestConnection(by.device);
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
    else {
      room.members.splice(room.members.indexOf(decision.user), 1);
      room.stays.get(decision.user)!.at(-1)!.leftSeq = nextSeq(room);
    }
    return record(room, change, decision.change, [decision.user]);
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
    const entry = append(room, operation, { change, users }, (head) => ({
      ...head,
      type: 'membership',
      change,
      users: users.map(world.nameOf),
      admin: room.admin === null ? null : world.nameOf(room.admin),
    }));
    return accepted(entry, users, entry);
  }

  function append<E extends Entry>(
    room: Room,
    { by, clientId, at }: Send | Change,
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

  function read(range: ReadRange): readonly Entry[] {
    const room = roomOf(range.conversation);
    const stays = room?.stays.get(range.user);
    const found: Entry[] = [];
    if (!room || !stays) return found;
    const last = Math.min(range.upTo, room.entries.length);
    for (let seq = Math.max(range.after, 0) + 1; seq <= last && found.length < range.limit; seq++) {
      const entry = room.entries[seq - 1];
      if (entry && stays.some((stay) => stay.joinedSeq <= seq && seq <= (stay.leftSeq ?? seq))) found.push(entry);
    }
    return found;
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

  function conversation(id: ConversationId): Conversation | null {
    const room = roomOf(id);
    if (!room) return null;
    return {
      id,
      kind: room.kind,
      title: room.title,
      admin: room.admin === null ? null : world.nameOf(room.admin),
      members: room.members.map((user) => ({ id: user, name: world.nameOf(user) })),
      lastSeq: lastSeq(room),
    };
  }

  function heads(ids: readonly ConversationId[]): ReadonlyMap<ConversationId, Seq> {
    return new Map(ids.flatMap((id) => (roomOf(id) ? [[id, lastSeq(roomOf(id)!)] as const] : [])));
  }

  function moveCursors(moves: readonly Cursor[]): void {
    for (const { device, conversation, upTo } of moves) {
      if (device < 1 || device > world.deviceCount() || !roomOf(conversation)) continue;
      const own = cursors.get(device) ?? new Map<ConversationId, Seq>();
      own.set(conversation, Math.max(own.get(conversation) ?? 0, upTo) as Seq);
      cursors.set(device, own);
    }
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

function lastSeq(room: Room): Seq {
  return room.entries.length as Seq;
}

function nextSeq(room: Room): Seq {
  return (room.entries.length + 1) as Seq;
}

function pairKey(users: readonly UserId[]): string {
  return [...users].sort((a, b) => a - b).join('-');
}
