import { toBase64url } from '../base64url.ts';
import type { Identity, StoredUser } from '../database/store.ts';
import type { EpochMs, Ms, Random, Secrets } from '../ports.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { DeviceId, UserId, UserName } from '../protocol/ids.ts';
import { isReservedName } from '../protocol/names.ts';
import type { Ground } from './ground.ts';
import type { PasswordGate } from './password-gate.ts';

export type Answered<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly detail?: string; readonly retryAfterMs?: Ms };

/** Signing up, in and out. May reject with `StoreFailure`. */
export interface Accounts {
  signUp(asked: { name: UserName; password: string; remote: string }): Promise<Answered<{ name: UserName }>>;
  signIn(asked: { name: UserName; password: string; device: string; remote: string }): Promise<Answered<SignedIn>>;
  /** Answers whose token it was; null when there was no such token. */
  signOut(token: string): Promise<UserId | null>;
  identify(token: string): Promise<Identity | null>;
  findUser(name: string): Promise<{ name: UserName } | null>;
}

interface SignedIn {
  readonly name: UserName;
  readonly device: DeviceId;
  readonly token: string;
  readonly expiresAt: EpochMs;
}

export function createAccounts(ground: Ground, secrets: Secrets, passwords: PasswordGate): Accounts {
  const { clock, settings, store, random } = ground;

  return {
    async signUp({ name, password, remote }) {
      const obstacle = passwords.obstacle({ name, remote });
      if (obstacle !== null) return obstacle;
      if (isReservedName(name)) return { kind: 'refused', code: 'nameReserved' };
      const passwordHash = await passwords.run(() => secrets.hashPassword(password));
      const id = await store.createUser({ name, passwordHash, at: clock.wall() });
      return id === null ? { kind: 'refused', code: 'nameTaken' } : { kind: 'ok', value: { name } };
    },
    async signIn({ name, password, device, remote }) {
      const obstacle = passwords.obstacle({ name, remote });
      if (obstacle !== null) return obstacle;
      const user = await store.findUser(name);
      const fits = await passwords.run(() => secrets.verifyPassword(password, user?.passwordHash ?? null));
      if (user === null || !fits) return { kind: 'refused', code: 'unauthenticated' };
      const session = await openSession(user, device);
      // The password was changed, or the user deleted, while it was being checked.
      return session === null ? { kind: 'refused', code: 'unauthenticated' } : { kind: 'ok', value: session };
    },
    signOut: (token) => store.deleteSession(secrets.digestToken(token)),
    identify: (token) => store.findSession(secrets.digestToken(token), clock.wall()),
    async findUser(name) {
      const user = await store.findUser(name);
      return user === null ? null : { name: user.name };
    },
  };

  async function openSession(user: StoredUser, deviceLabel: string): Promise<SignedIn | null> {
    const token = newToken(random);
    const at = clock.wall();
    const expiresAt = Math.floor(at + settings.tokenLifeMs);
    const tokenDigest = secrets.digestToken(token);
    const checked = user.passwordHash;
    const device = await store.createSession({ user: user.id, deviceLabel, tokenDigest, at, expiresAt, checked });
    return device === null ? null : { name: user.name, device, token, expiresAt };
  }
}

// ---

const tokenBytes = 32;

/** 256 random bits. */
function newToken(random: Random): string {
  return toBase64url(random.bytes(tokenBytes));
}
