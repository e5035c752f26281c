import type { EpochMs } from '../ports.ts';
import type { Entry } from '../protocol/frames.ts';
import type { ClientId, ConversationId, DeviceId, Seq, UserId, UserName } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import { nameKey } from './change-rules.ts';
import { createMemoryBlobs } from './memory-blobs.ts';
import { createMemoryConversations } from './memory-conversations.ts';
import type { Identity, Store, StoredUser } from './store.ts';
import { StoreFailure } from './store.ts';

/** A message as the laboratory reads it back after a run. */
export interface StoredMessage {
  readonly conversation: ConversationId;
  readonly seq: Seq;
  readonly sender: UserName;
  readonly clientId: ClientId;
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
  const users = new Map<UserId, StoredUser>();
  const usersByKey = new Map<string, StoredUser>();
  const devices = new Map<string, Identity>();
  const connections = new Map<DeviceId, number>();
  const sessions = new Map<string, { readonly identity: Identity; readonly expiresAt: EpochMs }>();
  const conversations = createMemoryConversations({
    groupMembersMax: options.groupMembersMax ?? limits.groupMembersMax,
    findUser: (name) => usersByKey.get(nameKey(name)),
    nameOf: (user) => users.get(user)!.name,
    deviceCount: () => devices.size,
    newestConnection: (device) => connections.get(device) ?? 0,
  });
  const blobs = createMemoryBlobs(conversations.isMember);
  let closed = false;

  return {
    createUser: (user) =>
      answer(() => {
        const key = nameKey(user.name);
        if (usersByKey.has(key)) return null;
        const stored = { id: (users.size + 1) as UserId, name: user.name, passwordHash: user.passwordHash };
        users.set(stored.id, stored);
        usersByKey.set(key, stored);
        return stored.id;
      }),
    findUser: (name) => answer(() => usersByKey.get(nameKey(name)) ?? null),
    createSession: (session) =>
      answer(() => {
        const identity = signIn(session.user, session.deviceLabel);
        sessions.set(session.tokenDigest, { identity, expiresAt: session.expiresAt });
        return identity.device;
      }),
    findSession: (tokenDigest, now) => answer(() => whoIs(tokenDigest, now)),
    beginConnection: (tokenDigest, now) =>
      answer(() => {
        const identity = whoIs(tokenDigest, now);
        if (identity === null) return null;
        const connection = (connections.get(identity.device) ?? 0) + 1;
        connections.set(identity.device, connection);
        return { ...identity, connection };
      }),
    deleteSession: (tokenDigest) => answer(() => sessions.delete(tokenDigest)),
    accept: (sends) => answer(() => sends.map(conversations.accept)),
    change: (change) => answer(() => conversations.change(change)),
    read: (range) => answer(() => conversations.read(range)),
    membershipsOf: (user, device) => answer(() => conversations.membershipsOf(user, device)),
    conversation: (id) => answer(() => conversations.conversation(id)),
    heads: (ids) => answer(() => conversations.heads(ids)),
    moveCursors: (cursors) => answer(() => conversations.moveCursors(cursors)),
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
    ping: () => answer(() => {}),
    close: async () => {
      closed = true;
    },
    entries: () => conversations.entries(),
    *messages() {
      for (const { type, conversation, seq, sender, clientId } of conversations.entries()) {
        if (type === 'message') yield { conversation, seq, sender, clientId };
      }
    },
  };

  async function answer<T>(work: () => T): Promise<T> {
    if (closed) throw new StoreFailure('The store is closed; open a new one.', { definite: true });
    return work();
  }

  function whoIs(tokenDigest: string, now: EpochMs): Identity | null {
    const session = sessions.get(tokenDigest);
    return session && session.expiresAt > now ? session.identity : null;
  }

  function signIn(user: UserId, label: string): Identity {
    const key = `${user}/${label}`;
    const known = devices.get(key);
    if (known) return known;
    const name = users.get(user)?.name;
    if (name === undefined) {
      throw new StoreFailure(`User ${user} does not exist; sign up first.`, { definite: true });
    }
    const identity = { user, name, device: (devices.size + 1) as DeviceId };
    devices.set(key, identity);
    return identity;
  }
}
