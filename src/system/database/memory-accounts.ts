import type { EpochMs } from '../ports.ts';
import type { DeviceId, UserId, UserName } from '../protocol/ids.ts';
import { skeletonOf } from '../protocol/names.ts';
import type { AccountStore, PasswordChange, SignedInDevice } from './account-store.ts';
import { nameKey } from './change-rules.ts';
import type { Connected, Identity, NewSession, StoredUser } from './store.ts';

interface Account {
  readonly id: UserId;
  readonly name: UserName;
  passwordHash: string;
  deleted: boolean;
  readonly devices: Device[];
}

interface Device {
  readonly identity: Identity;
  /** Null when nobody may sign in on it any more. */
  label: string | null;
  connection: number;
  /** By the digest of the token. */
  readonly sessions: Map<string, Session>;
}

interface Session {
  readonly at: EpochMs;
  readonly expiresAt: EpochMs;
}

/** The part of the memory store that holds users, devices and sessions; all calls are synchronous. */
export function createMemoryAccounts() {
  const users = new Map<UserId, Account>();
  const byKey = new Map<string, Account>();
  const skeletons = new Set<string>();
  const devices: Device[] = [];
  const byToken = new Map<string, Device>();

  return {
    createUser,
    findUser,
    createSession,
    findSession: (tokenDigest: string, now: EpochMs): Identity | null => living(tokenDigest, now)?.identity ?? null,
    beginConnection,
    deleteSession,
    changePassword,
    devicesOf,
    endSessions: (user: UserId): void => end(digestsOf(users.get(user)?.devices ?? [])),
    endDevice,
    deleteUser,
    /** Also one who is deleted. */
    person: (name: string) => byKey.get(nameKey(name)),
    nameOf: (user: UserId): UserName => users.get(user)!.name,
    /** Exists and is not deleted. */
    isUser: (user: UserId): boolean => users.get(user)?.deleted === false,
    /** The device is one that somebody may have signed in on. */
    isDevice: (device: DeviceId): boolean => devices[device - 1]?.label != null,
    newestConnection: (device: DeviceId): number => devices[device - 1]?.connection ?? 0,
    /** One more device, for entries that the system writes in the user's name. */
    ownDevice: (user: UserId): Identity => addDevice(users.get(user)!, null).identity,
    devicesOfUser: (user: UserId): readonly DeviceId[] =>
      users.get(user)!.devices.map(({ identity }) => identity.device),
  };

  function createUser({ name, passwordHash }: { name: UserName; passwordHash: string }): UserId | null {
    const skeleton = skeletonOf(name);
    if (skeletons.has(skeleton)) return null;
    const account = { id: (users.size + 1) as UserId, name, passwordHash, deleted: false, devices: [] };
    users.set(account.id, account);
    skeletons.add(skeleton);
    byKey.set(nameKey(name), account);
    return account.id;
  }

  function findUser(asked: string): StoredUser | null {
    const account = byKey.get(nameKey(asked));
    if (account === undefined || account.deleted) return null;
    const { id, name, passwordHash } = account;
    return { id, name, passwordHash };
  }

  function createSession({ user, deviceLabel, tokenDigest, at, expiresAt, checked }: NewSession): DeviceId | null {
    const account = users.get(user);
    if (account === undefined || account.deleted) return null;
    if (checked !== undefined && checked !== account.passwordHash) return null;
    const device = account.devices.find(({ label }) => label === deviceLabel) ?? addDevice(account, deviceLabel);
    device.sessions.set(tokenDigest, { at, expiresAt });
    byToken.set(tokenDigest, device);
    return device.identity.device;
  }

  function addDevice({ id: user, name, devices: own }: Account, label: string | null): Device {
    const device = (devices.length + 1) as DeviceId;
    const made = { identity: { user, name, device }, label, connection: 0, sessions: new Map() };
    devices.push(made);
    own.push(made);
    return made;
  }

  function beginConnection(tokenDigest: string, now: EpochMs): Connected | null {
    const device = living(tokenDigest, now);
    return device && { ...device.identity, connection: ++device.connection };
  }

  function living(tokenDigest: string, now: EpochMs): Device | null {
    const device = byToken.get(tokenDigest);
    return device !== undefined && device.sessions.get(tokenDigest)!.expiresAt > now ? device : null;
  }

  function deleteSession(tokenDigest: string): UserId | null {
    const device = byToken.get(tokenDigest);
    if (device === undefined) return null;
    end([tokenDigest]);
    return device.identity.user;
  }

  function changePassword({ user, from, to, keep }: PasswordChange): boolean {
    const account = users.get(user);
    if (account === undefined || account.deleted || account.passwordHash !== from) return false;
    account.passwordHash = to;
    end(digestsOf(account.devices).filter((digest) => digest !== keep));
    return true;
  }

  function devicesOf(user: UserId, now: EpochMs): readonly SignedInDevice[] {
    const signedIn = (users.get(user)?.devices ?? []).flatMap(({ identity, label, sessions }) => {
      const own = [...sessions.values()].filter(({ expiresAt }) => expiresAt > now);
      if (label === null || own.length === 0) return [];
      const signedInAt = Math.max(...own.map(({ at }) => at));
      const expiresAt = Math.max(...own.map((session) => session.expiresAt));
      return [{ device: identity.device, label, sessions: own.length, signedInAt, expiresAt }];
    });
    return signedIn.sort((a, b) => b.signedInAt - a.signedInAt || b.device - a.device);
  }

  function endDevice(user: UserId, id: DeviceId): boolean {
    const device = devices[id - 1];
    if (device === undefined || device.identity.user !== user || device.label === null) return false;
    end(digestsOf([device]));
    return true;
  }

  function deleteUser({ id, passwordHash }: Parameters<AccountStore['deleteUser']>[0]): boolean {
    const account = users.get(id);
    if (account === undefined || account.deleted || account.passwordHash !== passwordHash) return false;
    account.deleted = true;
    account.passwordHash = '';
    end(digestsOf(account.devices));
    for (const device of account.devices) {
      device.label = null;
      device.connection++;
    }
    return true;
  }

  function end(digests: readonly string[]): void {
    for (const device of new Set(digests.map((digest) => byToken.get(digest)!))) device.connection++;
    for (const digest of digests) {
      byToken.get(digest)!.sessions.delete(digest);
      byToken.delete(digest);
    }
  }
}

// ---

function digestsOf(devices: readonly Device[]): readonly string[] {
  return devices.flatMap(({ sessions }) => [...sessions.keys()]);
}
