import type { EpochMs } from '../ports.ts';
import type { Entry } from '../protocol/frames.ts';
import type { ClientId, ConversationId, DeviceId, Seq, UserId, UserName } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { Departures } from './account-store.ts';
import { createMemoryAccounts } from './memory-accounts.ts';
import { createMemoryBlobs } from './memory-blobs.ts';
import { createMemoryConversations } from './memory-conversations.ts';
import { createMemoryKeys } from './memory-keys.ts';
import { createMemoryPresence } from './memory-presence.ts';
import { createMemoryReceipts } from './memory-receipts.ts';
import type { Store } from './store.ts';
import { StoreFailure } from './store.ts';

/** A message as the laboratory reads it back after a run. */
export interface StoredMessage {
  readonly conversation: ConversationId;
  readonly seq: Seq;
  readonly sender: UserName;
  readonly clientId: ClientId;
  readonly payload: string;
}

/** A store that can be looked into, outside what servers may do. */
export interface MemoryStore extends Store {
  /** All entries that have not expired, by conversation and sequence. */
  entries(): Iterable<Entry>;
  /** The messages among them. */
  messages(): Iterable<StoredMessage>;
}

/**
 * Everything in memory, for virtual time and tests. Ids count from 1 in the order of calls; every answer is ready when
 * the call returns, so a seeded run repeats exactly. Several servers share one by being given the same object.
 */
export function createMemoryStore(options: { readonly groupMembersMax?: number } = {}): MemoryStore {
  const accounts = createMemoryAccounts();
  /** Deleted users who are still in conversations. */
  const leaving = new Set<UserId>();
  const keys = createMemoryKeys({
    signedInDevices: (user, now) => accounts.devicesOf(user, now).map(({ device }) => device),
    isMember: (user, conversation) => conversations.isMember(user, conversation),
    wasMember: (user, place) => conversations.wasMember(user, place),
  });
  const conversations: ReturnType<typeof createMemoryConversations> = createMemoryConversations({
    groupMembersMax: options.groupMembersMax ?? limits.groupMembersMax,
    accounts,
    keys,
  });
  const blobs = createMemoryBlobs(conversations.isMember);
  const receipts = createMemoryReceipts({
    membersOf: (id) => conversations.conversation(id)?.members ?? null,
    visibleUpTo: (user, id) => (accounts.isUser(user) ? conversations.visibleUpTo(user, id) : (0 as Seq)),
    storedUpTo: (user, id) => conversations.storedUpTo(accounts.devicesOfUser(user), id),
  });
  const presence = createMemoryPresence({
    nameOf: (user) => (accounts.isUser(user) ? accounts.nameOf(user) : null),
    findUser: accounts.findUser,
    shareConversation: (one, other) =>
      conversations
        .membershipsOf(one, 0 as DeviceId)
        .some(({ conversation, leftSeq }) => leftSeq === null && conversations.isMember(other, conversation)),
  });
  let closed = false;

  return {
    createUser: (user) => answer(() => accounts.createUser(user)),
    findUser: (name) => answer(() => accounts.findUser(name)),
    createSession: (session) => answer(() => accounts.createSession(session)),
    findSession: (tokenDigest, now) => answer(() => accounts.findSession(tokenDigest, now)),
    beginConnection: (tokenDigest, now) => answer(() => accounts.beginConnection(tokenDigest, now)),
    deleteSession: (tokenDigest) => answer(() => accounts.deleteSession(tokenDigest)),
    changePassword: (change) => answer(() => accounts.changePassword(change)),
    devicesOf: (user, now) => answer(() => accounts.devicesOf(user, now)),
    endSessions: (user) => answer(() => accounts.endSessions(user)),
    endDevice: (user, device) => answer(() => accounts.endDevice(user, device)),
    deleteUser: (user) =>
      answer(() => {
        const deleted = accounts.deleteUser(user);
        if (deleted) leaving.add(user.id);
        return deleted;
      }),
    depart: (limit, at) => answer(() => depart(limit, at)),
    accept: (sends) => answer(() => sends.map(conversations.accept)),
    change: (change) => answer(() => conversations.change(change)),
    read: (range) => answer(() => conversations.read(range)),
    membershipsOf: (user, device) => answer(() => conversations.membershipsOf(user, device)),
    conversation: (id) => answer(() => conversations.conversation(id)),
    heads: (ids) => answer(() => conversations.heads(ids)),
    moveCursors: (cursors) => answer(() => conversations.moveCursors(cursors)),
    receipts: {
      moveReads: (reads) => answer(() => receipts.moveReads(reads)),
      pointers: (ids, membersMax) => answer(() => receipts.pointers(ids, membersMax)),
    },
    presence: {
      openLease: (now) => answer(() => presence.openLease(now)),
      renewLease: (lease, times) => answer(() => presence.renewLease(lease, times)),
      movePresence: (lease, moves) => answer(() => presence.movePresence(lease, moves)),
      presenceOf: (users) => answer(() => presence.presenceOf(users)),
      acquaintances: (asked) => answer(() => presence.acquaintances(asked)),
    },
    expire: (before, limit) => answer(() => conversations.expire(before, limit)),
    blobs: {
      begin: (upload) => answer(() => blobs.begin(upload)),
      append: (chunk) => answer(() => blobs.append(chunk)),
      finish: (blob) => answer(() => blobs.finish(blob)),
      abandon: (blob, usedBytes) => answer(() => blobs.abandon(blob, usedBytes)),
      find: (blob, user) => answer(() => blobs.find(blob, user)),
      read: (chunk) => answer(() => blobs.read(chunk)),
      expire: (which) => answer(() => blobs.expire(which)),
    },
    keys: {
      addPackages: (upload) => answer(() => keys.addPackages(upload)),
      packagesLeft: (device) => answer(() => keys.packagesLeft(device)),
      claimPackages: (claim) => answer(() => keys.claimPackages(claim)),
      addBundle: (bundle) => answer(() => keys.addBundle(bundle)),
      readBundle: (id, by) => answer(() => keys.readBundle(id, by)),
      expireBundles: (range) => answer(() => keys.expireBundles(range)),
    },
    ping: () => answer(() => {}),
    close: async () => {
      closed = true;
    },
    entries: () => conversations.entries(),
    *messages() {
      for (const entry of conversations.entries()) {
        if (entry.type !== 'message') continue;
        const { conversation, seq, sender, clientId, payload } = entry;
        yield { conversation, seq, sender, clientId, payload };
      }
    },
  };

  async function answer<T>(work: () => T): Promise<T> {
    if (closed) throw new StoreFailure('The store is closed; open a new one.', { definite: true });
    return work();
  }

  function depart(limit: number, at: EpochMs): Departures {
    const [user] = leaving;
    if (user === undefined) return { written: [], more: false };
    const written = conversations.depart({ user, limit, at });
    if (written.length === 0) {
      for (const device of accounts.devicesOfUser(user)) {
        conversations.forgetDevice(device);
        keys.forgetDevice(device);
      }
      receipts.forgetUser(user);
      presence.forgetUser(user);
      leaving.delete(user);
    }
    return { written, more: true };
  }
}
