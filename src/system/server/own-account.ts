import type { Identity, StoredUser } from '../database/store.ts';
import type { Secrets } from '../ports.ts';
import type { DevicesAnswer } from '../protocol/http.ts';
import type { DeviceId, UserId } from '../protocol/ids.ts';
import type { Answered } from './accounts.ts';
import type { Ground } from './ground.ts';
import type { PasswordGate } from './password-gate.ts';

/** What somebody who is signed in does with their own account. May reject with `StoreFailure`. */
export interface OwnAccount {
  changePassword(asked: Asker & { old: string; new: string }): Promise<Answered<null>>;
  devices(asked: Asker): Promise<Answered<DevicesAnswer>>;
  signOutEverywhere(asked: Asker): Promise<Answered<null>>;
  signOutDevice(asked: Asker & { device: DeviceId }): Promise<Answered<null>>;
  deleteAccount(asked: Asker & { password: string }): Promise<Answered<null>>;
}

export interface Asker {
  readonly token: string | undefined;
  readonly remote: string;
}

interface Parts {
  readonly secrets: Secrets;
  readonly passwords: PasswordGate;
  /** Sessions of the user have ended. */
  ended(user: UserId): void;
  deleted(): void;
}

export function createOwnAccount({ store, clock }: Ground, parts: Parts): OwnAccount {
  const { secrets, passwords, ended, deleted } = parts;

  return { changePassword, devices, signOutEverywhere, signOutDevice, deleteAccount };

  /** Two hashes are computed whether or not the old password fits, so that the time tells nothing. */
  async function changePassword(asked: Asker & { old: string; new: string }): Promise<Answered<null>> {
    return asChecked(asked, async (user, keep) => {
      const to = await passwords.run(() => nextHash(user, asked));
      if (to === null) return false;
      const changed =
        to === user.passwordHash || (await store.changePassword({ user: user.id, from: user.passwordHash, to, keep }));
      // Somebody else was faster: perhaps the same request, sent twice.
      return changed || isPasswordNow(user, asked.new);
    });
  }

  /** The hash from now on; null when the old password is wrong. The new one in its place is a repetition. */
  async function nextHash(user: StoredUser, asked: { old: string; new: string }): Promise<string | null> {
    if (await secrets.verifyPassword(asked.old, user.passwordHash)) return secrets.hashPassword(asked.new);
    return (await secrets.verifyPassword(asked.new, user.passwordHash)) ? user.passwordHash : null;
  }

  async function isPasswordNow({ name }: StoredUser, password: string): Promise<boolean> {
    const now = await store.findUser(name);
    return now !== null && passwords.run(() => secrets.verifyPassword(password, now.passwordHash));
  }

  async function devices({ token }: Asker): Promise<Answered<DevicesAnswer>> {
    const who = await identify(token);
    if (who === null) return unauthenticated;
    const list = await store.devicesOf(who.user, clock.wall());
    return { kind: 'ok', value: { devices: list.map((one) => ({ ...one, current: one.device === who.device })) } };
  }

  async function signOutEverywhere({ token }: Asker): Promise<Answered<null>> {
    const who = await identify(token);
    if (who === null) return unauthenticated;
    await store.endSessions(who.user);
    ended(who.user);
    return done;
  }

  async function signOutDevice({ token, device }: Asker & { device: DeviceId }): Promise<Answered<null>> {
    const who = await identify(token);
    if (who === null) return unauthenticated;
    if (!(await store.endDevice(who.user, device))) return { kind: 'refused', code: 'unknownDevice' };
    ended(who.user);
    return done;
  }

  async function deleteAccount(asked: Asker & { password: string }): Promise<Answered<null>> {
    const answer = await asChecked(asked, async ({ id, passwordHash }) => {
      const fits = await passwords.run(() => secrets.verifyPassword(asked.password, passwordHash));
      return fits && store.deleteUser({ id, passwordHash, at: clock.wall() });
    });
    if (answer.kind === 'ok') deleted();
    return answer;
  }

  /** Something that needs the password too; sessions end by it. `work` is also given the digest of the token. */
  async function asChecked(
    { token, remote }: Asker,
    work: (user: StoredUser, tokenDigest: string) => Promise<boolean>,
  ): Promise<Answered<null>> {
    const who = await identify(token);
    if (who === null) return unauthenticated;
    const obstacle = passwords.obstacle({ name: who.name, remote });
    if (obstacle !== null) return obstacle;
    const user = await store.findUser(who.name);
    if (user === null) return unauthenticated;
    if (!(await work(user, secrets.digestToken(token!)))) return { kind: 'refused', code: 'wrongPassword' };
    ended(user.id);
    return done;
  }

  async function identify(token: string | undefined): Promise<Identity | null> {
    return token === undefined ? null : store.findSession(secrets.digestToken(token), clock.wall());
  }
}

// ---

const done: Answered<null> = { kind: 'ok', value: null };
const unauthenticated: Answered<never> = { kind: 'refused', code: 'unauthenticated' };
