/**
 * What a flow can do next, as one person at a desk would believe it: every operation succeeds at once. The system is
 * not compared with it; it only keeps flows sensible.
 */
import { type Flow, flowLimits, linkOf, linkSides, type Operation } from './operation.ts';

export interface Model {
  readonly users: ReadonlyMap<number, 'new' | 'online' | 'offline'>;
  readonly rooms: ReadonlyMap<number, ModelRoom>;
  readonly servers: ReadonlyMap<number, 'up' | 'paused' | 'down'>;
  /** Ways that are disturbed now, by the names of `linkOf`. */
  readonly disturbed: ReadonlySet<string>;
}

export interface ModelRoom {
  readonly kind: 'direct' | 'group';
  /** The longest-standing first: the next admin. */
  readonly members: readonly number[];
  readonly admin: number | null;
  /** Those who were members once. */
  readonly former: readonly number[];
}

export function startModel(servers: number): Model {
  const up = Array.from({ length: servers }, (_, index) => [index + 1, 'up'] as const);
  return { users: new Map(), rooms: new Map(), servers: new Map(up), disturbed: new Set() };
}

/** Whether the operation makes sense now. */
export function isPossible(model: Model, one: Operation): boolean {
  const { users, rooms, servers, disturbed } = model;
  switch (one.do) {
    case 'signUp':
      return !users.has(one.user) && someServerServes(model);
    case 'connect':
      return users.get(one.user) === 'new';
    case 'comeBack':
      return users.get(one.user) === 'offline';
    case 'goOffline':
    case 'drop':
      return users.get(one.user) === 'online';
    case 'direct':
      return isOnline(model, one.user) && users.has(one.with) && one.with !== one.user && isNewDirect(model, one);
    case 'group':
      return isOnline(model, one.user) && !rooms.has(one.conversation);
    case 'invite':
      return isAdmin(model, one) && users.has(one.who) && !isMember(rooms.get(one.conversation), one.who);
    case 'remove':
      return isAdmin(model, one) && one.who !== one.user && isMember(rooms.get(one.conversation), one.who);
    case 'leave':
      return isOnline(model, one.user) && isGroupMember(rooms.get(one.conversation), one.user);
    case 'send':
      return users.get(one.user) !== 'new' && hasSeen(rooms.get(one.conversation), one.user);
    case 'killServer':
      return servers.has(one.server) && servers.get(one.server) !== 'down';
    case 'startServer':
      return servers.get(one.server) === 'down' && !disturbed.has(linkOf({ server: one.server, side: 'database' }));
    case 'pauseServer':
      return servers.get(one.server) === 'up';
    case 'resumeServer':
      return servers.get(one.server) === 'paused';
    case 'cutLink':
    case 'slowLink':
    case 'halveLink':
    case 'resetLink':
      return servers.has(one.server) && !disturbed.has(linkOf(one));
    case 'healLink':
      return disturbed.has(linkOf(one));
    case 'wait':
      return true;
  }
}

/** The model after an operation that was possible. */
export function afterOperation(model: Model, one: Operation): Model {
  switch (one.do) {
    case 'signUp':
      return { ...model, users: put(model.users, one.user, 'new') };
    case 'connect':
    case 'comeBack':
      return { ...model, users: put(model.users, one.user, 'online') };
    case 'goOffline':
    case 'drop':
      return { ...model, users: put(model.users, one.user, 'offline') };
    case 'direct':
      return withRoom(model, one.conversation, {
        kind: 'direct',
        members: [one.user, one.with],
        admin: null,
        former: [],
      });
    case 'group':
      return withRoom(model, one.conversation, { kind: 'group', members: [one.user], admin: one.user, former: [] });
    case 'invite':
      return withRoom(model, one.conversation, added(model.rooms.get(one.conversation)!, one.who));
    case 'remove':
      return withRoom(model, one.conversation, gone(model.rooms.get(one.conversation)!, one.who));
    case 'leave':
      return withRoom(model, one.conversation, gone(model.rooms.get(one.conversation)!, one.user));
    case 'killServer':
      return { ...model, servers: put(model.servers, one.server, 'down') };
    case 'startServer':
    case 'resumeServer':
      return { ...model, servers: put(model.servers, one.server, 'up') };
    case 'pauseServer':
      return { ...model, servers: put(model.servers, one.server, 'paused') };
    case 'cutLink':
    case 'slowLink':
    case 'halveLink':
    case 'resetLink':
      return { ...model, disturbed: new Set([...model.disturbed, linkOf(one)]) };
    case 'healLink':
      return { ...model, disturbed: new Set([...model.disturbed].filter((way) => way !== linkOf(one))) };
    case 'send':
    case 'wait':
      return model;
  }
}

/** The flow without the operations that are not possible where they stand. */
export function feasible(flow: Flow): Flow {
  let model = startModel(flow.servers);
  const operations = flow.operations.filter((one) => {
    const possible = isPossible(model, one);
    if (possible) model = afterOperation(model, one);
    return possible;
  });
  return operations.length === flow.operations.length ? flow : { ...flow, operations };
}

/** Every operation that is possible now, without waits; `bytes` stands for the size of any message. */
export function possibleOperations(model: Model, bytes: number): readonly Operation[] {
  return everyOperation(model, bytes).filter((one) => isPossible(model, one));
}

// ---

const linkOperations = ['cutLink', 'slowLink', 'halveLink', 'resetLink', 'healLink'] as const;

/** All that `isPossible` could allow now, and some more. */
function everyOperation(model: Model, bytes: number): Operation[] {
  const users = [...model.users.keys()];
  const servers = [...model.servers.keys()];
  const nextUser = firstFree(model.users, flowLimits.users);
  const nextRoom = firstFree(model.rooms, flowLimits.conversations);
  return [
    ...nextUser.map((user): Operation => ({ do: 'signUp', user })),
    ...users.flatMap((user): Operation[] => [
      { do: 'connect', user },
      { do: 'comeBack', user },
      { do: 'goOffline', user },
      { do: 'drop', user },
    ]),
    ...nextRoom.flatMap((conversation) =>
      users.flatMap((user): Operation[] => [
        { do: 'group', user, conversation },
        ...users.map((other): Operation => ({ do: 'direct', user, conversation, with: other })),
      ]),
    ),
    ...[...model.rooms].flatMap(([conversation, { members, former, admin }]): Operation[] => [
      ...[...members, ...former].map((user): Operation => ({ do: 'send', user, conversation, bytes })),
      ...members.map((user): Operation => ({ do: 'leave', user, conversation })),
      ...(admin === null ? [] : users).flatMap((who): Operation[] => [
        { do: 'invite', user: admin!, conversation, who },
        { do: 'remove', user: admin!, conversation, who },
      ]),
    ]),
    ...servers.flatMap((server): Operation[] => [
      { do: 'killServer', server },
      { do: 'startServer', server },
      { do: 'pauseServer', server },
      { do: 'resumeServer', server },
      ...linkOperations.flatMap((does) => linkSides.map((side): Operation => ({ do: does, server, side }))),
    ]),
  ];
}

function firstFree(taken: ReadonlyMap<number, unknown>, limit: number): readonly number[] {
  const free = Array.from({ length: limit }, (_, index) => index).find((index) => !taken.has(index));
  return free === undefined ? [] : [free];
}

function someServerServes({ servers, disturbed }: Model): boolean {
  const whole = (server: number): boolean => !linkSides.some((side) => disturbed.has(linkOf({ server, side })));
  return [...servers].some(([server, state]) => state === 'up' && whole(server));
}

function isOnline(model: Model, user: number): boolean {
  return model.users.get(user) === 'online';
}

function isMember(room: ModelRoom | undefined, user: number): boolean {
  return room?.members.includes(user) ?? false;
}

function isGroupMember(room: ModelRoom | undefined, user: number): boolean {
  return room?.kind === 'group' && isMember(room, user);
}

/** Who was removed may try: the system has to refuse it. */
function hasSeen(room: ModelRoom | undefined, user: number): boolean {
  return isMember(room, user) || (room?.former.includes(user) ?? false);
}

function isAdmin(model: Model, one: { user: number; conversation: number }): boolean {
  return isOnline(model, one.user) && model.rooms.get(one.conversation)?.admin === one.user;
}

/** There is one direct conversation for two people: a second would be the first under another number. */
function isNewDirect(model: Model, one: { user: number; conversation: number; with: number }): boolean {
  const exists = [...model.rooms.values()].some(
    (room) => room.kind === 'direct' && room.members.includes(one.user) && room.members.includes(one.with),
  );
  return !exists && !model.rooms.has(one.conversation);
}

function added(room: ModelRoom, user: number): ModelRoom {
  return { ...room, members: [...room.members, user], former: room.former.filter((one) => one !== user) };
}

function gone(room: ModelRoom, user: number): ModelRoom {
  const members = room.members.filter((one) => one !== user);
  const admin = room.admin === user ? (members[0] ?? null) : room.admin;
  return { ...room, members, admin, former: [...room.former, user] };
}

function withRoom(model: Model, index: number, room: ModelRoom): Model {
  return { ...model, rooms: put(model.rooms, index, room) };
}

function put<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  return new Map(map).set(key, value);
}
