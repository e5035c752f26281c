/**
 * Histories of a chat system that keeps every promise, as a small model of one plays them: groups and direct talks, users
 * who come and go, answers that are lost, refusals, frames that come twice, faults. Half of them read the database at the end.
 * In some, messages expire before everybody has returned.
 */
import fc from 'fast-check';
import type { HistoryEvent } from '../../../src/metrics/index.ts';
import { event, timed } from './histories.ts';

const usersMax = 4;

const step = fc.record({
  act: fc.constantFrom(...(['send', 'send', 'send', 'send', 'deliver', 'deliver'] as const), ...acts()),
  user: fc.nat(usersMax - 1),
  other: fc.nat(usersMax - 1),
  room: fc.nat(3),
  luck: fc.nat(9),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function acts() {
  return [
    'createGroup',
    'openDirect',
    'invite',
    'invite',
    'remove',
    'leave',
    'goOffline',
    'comeBack',
    'comeBack',
    'fault',
  ] as const;
}

/** Before the random part: everybody is there, and a group, where one comes later, and a direct talk exist. */
const opening: readonly Step[] = [
  ...[0, 1, 2, 3].map((user) => surely('comeBack', user)),
  surely('createGroup', 0),
  surely('invite', 0, 1),
  surely('invite', 0, 2),
  surely('send', 0),
  surely('send', 1),
  surely('invite', 0, 3),
  surely('openDirect', 1, 3),
];

/** After it: one returns to a backlog, and another is removed and misses what follows. */
const closing: readonly Step[] = [
  surely('comeBack', 0),
  surely('goOffline', 1),
  surely('send', 0),
  surely('send', 0),
  surely('remove', 0, 2),
  surely('send', 0),
  surely('comeBack', 1),
];

function surely(act: Step['act'], user: number, other = 0): Step {
  return { act, user, other, room: 0, luck: 9 };
}

export const correctHistory: fc.Arbitrary<readonly HistoryEvent[]> = fc
  .record({ steps: fc.array(step, { minLength: 10, maxLength: 80 }), stored: fc.boolean() })
  .map(({ steps, stored }) => play([...opening, ...steps, ...closing], { stored, expiryMs: Number.POSITIVE_INFINITY }));

/** One in which somebody returns to messages of which some have expired. */
export const expiringHistory: fc.Arbitrary<readonly HistoryEvent[]> = fc
  .record({
    steps: fc.array(step, { minLength: 10, maxLength: 80 }),
    stored: fc.boolean(),
    expiryMs: fc.integer({ min: 1, max: 12 }),
  })
  .map(({ steps, ...how }) => play([...opening, ...steps, ...closing], how));

// ---

interface Entry {
  readonly seq: number;
  readonly author: number;
  readonly clientId: number;
  readonly op: 'send' | 'created' | 'added' | 'removed' | 'left';
  readonly users: readonly number[];
  /** When it was asked for. */
  readonly t: number;
  expired: boolean;
}

interface Room {
  readonly id: number;
  readonly entries: Entry[];
  readonly isGroup: boolean;
  /** Of each user, from the entry that began it to the one that ended it. */
  readonly stays: Map<number, { readonly from: number; to: number }[]>;
}

interface User {
  readonly id: number;
  online: boolean;
  session: number;
  lastClientId: number;
  readonly cursors: Map<number, number>;
  /** Operations that were not answered yet, by client id. */
  readonly unanswered: Map<number, HistoryEvent>;
}

interface World {
  readonly expiryMs: number;
  readonly events: HistoryEvent[];
  readonly rooms: Room[];
  readonly users: readonly User[];
}

function play(steps: readonly Step[], { stored, expiryMs }: { stored: boolean; expiryMs: number }): HistoryEvent[] {
  const users = Array.from({ length: usersMax }, (_, id) => newUser(id));
  const world: World = { expiryMs, events: [], rooms: [], users };
  if (expiryMs < Number.POSITIVE_INFINITY)
    world.events.push(event('mark', 'expired', { actor: -1, detail: String(expiryMs) }));
  for (const one of steps) take(world, one);
  for (const user of users) if (user.online) deliver(world, user, false);
  world.events.push(event('mark', 'phase', { actor: -1, detail: 'end' }));
  if (stored) for (const room of world.rooms) readDatabase(world, room);
  for (const user of users) {
    for (const asked of user.unanswered.values()) world.events.push({ ...asked, kind: 'info' });
    if (user.online) emit(world, user, event('ok', 'disconnect'));
  }
  return timed(world.events);
}

function newUser(id: number): User {
  return { id, online: false, session: 0, lastClientId: 0, cursors: new Map(), unanswered: new Map() };
}

function take(world: World, { act, user: userId, other, room: roomIndex, luck }: Step): void {
  const user = world.users[userId]!;
  const room = world.rooms[roomIndex % Math.max(1, world.rooms.length)];
  if (act === 'fault') {
    world.events.push(event(luck < 5 ? 'fault' : 'heal', 'fault', { actor: -1, detail: 'kill s1' }));
  } else if (act === 'comeBack') comeBack(world, user, luck < 3);
  else if (!user.online) return;
  else if (act === 'goOffline') goOffline(world, user);
  else if (act === 'deliver') deliver(world, user, luck < 3);
  else if (act === 'createGroup') create(world, user, { members: [user.id], luck });
  else if (act === 'openDirect' && other !== user.id) create(world, user, { members: [user.id, other], luck });
  else if (room && isMember(room, user.id)) change(world, { user, room, act, other, luck });
}

function change(
  world: World,
  { user, room, act, other, luck }: { user: User; room: Room; act: Step['act']; other: number; luck: number },
): void {
  if (act === 'send') ask(world, { user, room, op: 'send', peer: -1, luck, entry: { op: 'send', users: [] } });
  if (!room.isGroup) return;
  if (act === 'invite' && !isMember(room, other)) {
    ask(world, { user, room, op: 'invite', peer: other, luck, entry: { op: 'added', users: [other] } });
  } else if (act === 'remove' && other !== user.id && isMember(room, other)) {
    ask(world, { user, room, op: 'remove', peer: other, luck, entry: { op: 'removed', users: [other] } });
  } else if (act === 'leave') {
    ask(world, { user, room, op: 'leave', peer: -1, luck, entry: { op: 'left', users: [user.id] } });
  }
}

function create(world: World, user: User, { members, luck }: { members: readonly number[]; luck: number }): void {
  const [op, peer] = members.length === 1 ? (['createGroup', -1] as const) : (['openDirect', members[1]!] as const);
  const room: Room = { id: 100 + world.rooms.length, entries: [], isGroup: members.length === 1, stays: new Map() };
  if (luck !== 0) world.rooms.push(room);
  ask(world, { user, room, op, peer, luck, entry: { op: 'created', users: members } });
}

interface Asked {
  readonly user: User;
  readonly room: Room;
  readonly op: HistoryEvent['op'];
  readonly peer: number;
  readonly entry: Pick<Entry, 'op' | 'users'>;
  /** 0: refused. 1: accepted, but the connection goes before the answer. 2: answered later. Else at once. */
  readonly luck: number;
}

function ask(world: World, { user, room, op, peer, entry, luck }: Asked): void {
  const clientId = ++user.lastClientId;
  const conversation = op === 'createGroup' || op === 'openDirect' ? 0 : room.id;
  const asked = event('invoke', op, { actor: user.id, session: user.session, conversation, clientId, peer });
  world.events.push(asked);
  const t = world.events.length;
  if (luck === 0) {
    emit(world, user, { ...asked, kind: 'fail', detail: 'busy' });
    return;
  }
  write(room, { ...entry, author: user.id, clientId, t, expired: false });
  user.unanswered.set(clientId, asked);
  if (luck === 1) goOffline(world, user);
  else if (luck !== 2) answer(world, user, room, room.entries.at(-1)!);
}

function write(room: Room, entry: Omit<Entry, 'seq'>): void {
  const seq = room.entries.length + 1;
  room.entries.push({ ...entry, seq });
  for (const user of entry.users) {
    const stays = room.stays.get(user) ?? [];
    if (entry.op === 'created' || entry.op === 'added') stays.push({ from: seq, to: Number.POSITIVE_INFINITY });
    else stays.at(-1)!.to = seq;
    room.stays.set(user, stays);
  }
}

function answer(world: World, user: User, room: Room, entry: Entry): void {
  const asked = user.unanswered.get(entry.clientId);
  if (!asked) return;
  user.unanswered.delete(entry.clientId);
  emit(world, user, { ...asked, kind: 'ok', conversation: room.id, seq: entry.seq });
}

function comeBack(world: World, user: User, again: boolean): void {
  if (user.online) return;
  user.online = true;
  user.session += 1;
  emit(world, user, event('invoke', 'connect'));
  emit(world, user, event('ok', 'connect', { detail: 's1' }));
  expire(world);
  deliver(world, user, again);
  emit(world, user, event('ok', 'caughtUp'));
}

function goOffline(world: World, user: User): void {
  user.online = false;
  emit(world, user, event('ok', 'disconnect'));
}

/** Everything that the user is entitled to and has not got; `again`: each frame arrives twice. */
function deliver(world: World, user: User, again: boolean): void {
  for (const room of world.rooms) {
    for (const entry of room.entries.slice(user.cursors.get(room.id) ?? 0)) {
      if (!isEntitled(room, user.id, entry.seq)) continue;
      if (entry.author === user.id) answer(world, user, room, entry);
      else if (entry.expired)
        emit(world, user, event('app', 'expired', { conversation: room.id, seq: entry.seq, clientId: entry.seq }));
      else
        for (const kind of again ? (['wire', 'wire', 'app'] as const) : (['wire', 'app'] as const))
          show(world, { user, room, entry, kind });
      user.cursors.set(room.id, entry.seq);
    }
  }
}

function show(
  world: World,
  { user, room, entry, kind }: { user: User; room: Room; entry: Entry; kind: 'wire' | 'app' },
): void {
  const place = { conversation: room.id, seq: entry.seq, clientId: entry.clientId };
  const peers = entry.op === 'send' ? [entry.author] : entry.users;
  for (const peer of peers) emit(world, user, event(kind, entry.op, { ...place, peer }));
}

function expire({ rooms, events, expiryMs }: World): void {
  for (const entry of rooms.flatMap(({ entries }) => entries)) {
    if (entry.op === 'send' && events.length - entry.t >= expiryMs) entry.expired = true;
  }
}

function readDatabase({ events }: World, room: Room): void {
  for (const { op, seq, author, clientId, expired } of room.entries) {
    if (op === 'send' && !expired)
      events.push(event('mark', 'stored', { actor: -1, conversation: room.id, seq, clientId, peer: author }));
  }
}

function emit({ events }: World, user: User, one: HistoryEvent): void {
  events.push({ ...one, actor: user.id, session: user.session });
}

function isMember(room: Room, user: number): boolean {
  return room.stays.get(user)?.at(-1)?.to === Number.POSITIVE_INFINITY;
}

function isEntitled(room: Room, user: number, seq: number): boolean {
  return room.stays.get(user)?.some(({ from, to }) => from <= seq && seq <= to) ?? false;
}
