import { toBase64url } from '../base64url.ts';
import type { Identity } from '../database/store.ts';
import type { EpochMs, Ms, Random, Secrets } from '../ports.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { DeviceId, UserName } from '../protocol/ids.ts';
import type { Ground } from './ground.ts';
import { createLimiter } from './limiter.ts';
import { createRateLimit } from './rate-limit.ts';

export type Answered<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly detail?: string; readonly retryAfterMs?: Ms };

/** Signing up, in and out. May reject with `StoreFailure`. */
export interface Accounts {
  signUp(asked: { name: UserName; password: string; remote: string }): Promise<Answered<{ name: UserName }>>;
  signIn(asked: { name: UserName; password: string; device: string; remote: string }): Promise<Answered<SignedIn>>;
  /** Answers what is stored of the token, to find its connections; null when there was no such token. */
  signOut(token: string): Promise<string | null>;
  identify(token: string): Promise<Identity | null>;
  findUser(name: string): Promise<{ name: UserName } | null>;
}

interface SignedIn {
  readonly name: UserName;
  readonly device: DeviceId;
  readonly token: string;
  readonly expiresAt: EpochMs;
}

export function createAccounts(ground: Ground, secrets: Secrets): Accounts {
  const { clock, settings, store, random } = ground;
  const perName = createRateLimit(clock, { perMinute: settings.signInPerMinutePerName, keysMax });
  const perAddress = createRateLimit(clock, { perMinute: settings.signInPerMinutePerAddress, keysMax });
  const passwords = createLimiter(settings.passwordsMax);

  return {
    async signUp({ name, password, remote }) {
      const obstacle = limited(name, remote);
      if (obstacle !== null) return obstacle;
      const passwordHash = await passwords.run(() => secrets.hashPassword(password));
      const id = await store.createUser({ name, passwordHash, at: clock.wall() });
      return id === null ? { kind: 'refused', code: 'nameTaken' } : { kind: 'ok', value: { name } };
    },
    async signIn({ name, password, device, remote }) {
      const obstacle = limited(name, remote);
      if (obstacle !== null) return obstacle;
      const user = await store.findUser(name);
      const fits = await passwords.run(() => secrets.verifyPassword(password, user?.passwordHash ?? null));
      if (user === null || !fits) return { kind: 'refused', code: 'unauthenticated' };
      return { kind: 'ok', value: await openSession(user, device) };
    },
    async signOut(token) {
      const digest = secrets.digestToken(token);
      return (await store.deleteSession(digest)) ? digest : null;
    },
    identify: (token) => store.findSession(secrets.digestToken(token), clock.wall()),
    async findUser(name) {
      const user = await store.findUser(name);
      return user === null ? null : { name: user.name };
    },
  };

  async function openSession(user: { id: Identity['user']; name: UserName }, deviceLabel: string): Promise<SignedIn> {
    const token = newToken(random);
    const at = clock.wall();
    const expiresAt = Math.floor(at + settings.tokenLifeMs);
    const tokenDigest = secrets.digestToken(token);
    const device = await store.createSession({ user: user.id, deviceLabel, tokenDigest, at, expiresAt });
    return { name: user.name, device, token, expiresAt };
  }

  /** The address first: who is stopped by it uses up nobody's name. */
  function limited(name: string, remote: string): Answered<never> | null {
    if (passwords.waiting >= settings.passwordQueueMax) return { kind: 'refused', code: 'busy' };
    const retryAfterMs = perAddress.take(remote) || perName.take(name.toLowerCase());
    return retryAfterMs === 0 ? null : { kind: 'refused', code: 'tooMany', retryAfterMs };
  }
}

// ---

/** Names and addresses whose rates are remembered. */
const keysMax = 100_000;
const tokenBytes = 32;

/** 256 random bits. */
function newToken(random: Random): string {
  return toBase64url(random.bytes(tokenBytes));
}
