import type { Change, Connected, Identity, KeyUpdate, Outcome, Send, Store } from '../../src/system/database/store.ts';
import type { Entry } from '../../src/system/protocol/frames.ts';
import type { ClientId, ConversationId, DeviceId, Seq, UserId, UserName } from '../../src/system/protocol/ids.ts';

/** One set of data, seen through one or more stores. */
export interface StoreData {
  /** A store on the data; several live side by side as those of several servers do. */
  open(): Promise<Store>;
  dispose(): Promise<void>;
}

/** What each part of the suite gets: the stores under test, ready in `beforeEach`. */
export interface Bench {
  readonly store: Store;
  /** Another server's store on the same data. */
  readonly other: Store;
}

/** Of the stores under test. */
export const groupMembersMax = 5;

export type OpenDirect = Extract<Change, { kind: 'openDirect' }>;
export type CreateGroup = Extract<Change, { kind: 'createGroup' }>;
export type MemberChange = Extract<Change, { kind: 'invite' | 'remove' }>;
export type Accepted = Extract<Outcome, { kind: 'accepted' }>;

/** Signs up each name, signs each in on one device, and connects it. */
export async function people<const N extends readonly string[]>(
  store: Store,
  ...names: N
): Promise<{ [K in keyof N]: Connected }> {
  const made: Connected[] = [];
  for (const name of names) made.push(await person(store, name));
  return made as { [K in keyof N]: Connected };
}

export async function person(store: Store, name: string): Promise<Connected> {
  const user = await store.createUser({ name: userName(name), passwordHash: 'hash', at: 0 });
  return signIn(store, { user: user!, name: userName(name) }, 'phone');
}

export async function signIn(store: Store, who: Pick<Identity, 'user' | 'name'>, label: string): Promise<Connected> {
  const tokenDigest = `${who.user}-${label}`;
  await store.createSession({ user: who.user, deviceLabel: label, tokenDigest, at: 0, expiresAt: 1e12 });
  return (await store.beginConnection(tokenDigest, 1))!;
}

/** The next connection of the device of `people`. */
export async function reconnect(store: Store, { user }: Identity): Promise<Connected> {
  return (await store.beginConnection(`${user}-phone`, 1))!;
}

/** A client id that no operation of the file had before. */
export function nextId(): ClientId {
  return ++lastId as ClientId;
}

export function send(by: Connected, conversation: ConversationId, more: Partial<Send> = {}): Send {
  return { by, conversation, clientId: nextId(), at: 1000, epoch: 0, payload: 'AAAA', ...more };
}

export function openDirect(by: Connected, peer: string): OpenDirect {
  return { kind: 'openDirect', by, clientId: nextId(), at: 1000, with: userName(peer), keys: null };
}

export function createGroup(by: Connected, title = 'crew', users: readonly string[] = []): CreateGroup {
  return { kind: 'createGroup', by, clientId: nextId(), at: 1000, title, users: users.map(userName), keys: null };
}

export function invite(by: Connected, conversation: ConversationId, ...names: readonly string[]): MemberChange {
  return { kind: 'invite', by, clientId: nextId(), at: 1000, conversation, users: names.map(userName), keys: null };
}

export function remove(by: Connected, conversation: ConversationId, ...names: readonly string[]): MemberChange {
  return { kind: 'remove', by, clientId: nextId(), at: 1000, conversation, users: names.map(userName), keys: null };
}

/** Keys that bring nothing but the next epoch, made in this one. */
export function keys(epoch: number, more: Partial<KeyUpdate> = {}): KeyUpdate {
  return { epoch, sealed: seq(0), commit: null, bundle: null, ...more };
}

export function rekey(by: Connected, conversation: ConversationId, change: KeyUpdate): Change {
  return { kind: 'commit', by, clientId: nextId(), at: 1000, conversation, keys: change };
}

export function leave(by: Connected, conversation: ConversationId): Change {
  return { kind: 'leave', by, clientId: nextId(), at: 1000, conversation };
}

/** The answer to something that must be accepted. */
export function expectAccepted(outcome: Outcome | undefined): Accepted {
  if (outcome?.kind !== 'accepted') throw new Error(`expected an accepted operation, got ${JSON.stringify(outcome)}`);
  return outcome;
}

export async function done(store: Store, change: Change): Promise<Accepted> {
  return expectAccepted(await store.change(change));
}

export async function sent(store: Store, message: Send): Promise<Accepted> {
  return expectAccepted((await store.accept([message]))[0]);
}

export async function direct(store: Store, by: Connected, peer: Identity): Promise<ConversationId> {
  return (await done(store, openDirect(by, peer.name))).conversation;
}

/** A group that the first made and invited the others to, in this order. */
export async function group(store: Store, admin: Connected, ...others: readonly Identity[]): Promise<ConversationId> {
  const { conversation } = await done(store, createGroup(admin));
  for (const { name } of others) await done(store, invite(admin, conversation, name));
  return conversation;
}

/** All that `user` may see of the conversation. */
export function readAll(store: Store, conversation: ConversationId, { user }: Pick<Identity, 'user'>) {
  return store.read({ conversation, user, after: seq(0), upTo: seq(1e9), limit: 100_000 });
}

export function seqsOf(entries: readonly Entry[]): readonly number[] {
  return entries.map((entry) => entry.seq);
}

export function oneTo(last: number): readonly number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

export const seq = (n: number) => n as Seq;
export const userName = (name: string) => name as UserName;
export const conversationId = (n: number) => n as ConversationId;
export const deviceId = (n: number) => n as DeviceId;
export const userId = (n: number) => n as UserId;

// ---

let lastId = 0;
