import type { UserPresence } from '../../database/presence-store.ts';
import type { UserId } from '../../protocol/ids.ts';
import { type Ground, logFailure } from '../ground.ts';
import { createPacer } from './pacer.ts';

/** Reads presence from the store, one question after the other, so that an older answer never comes after a newer one. */
export interface PresenceReader {
  /** To be read, or read again. */
  read(users: Iterable<UserId>): void;
  readonly waiting: number;
}

export function createPresenceReader(ground: Ground, learn: (presence: UserPresence) => void): PresenceReader {
  const { store, reads, settings } = ground;
  const stale = new Set<UserId>();
  const pacer = createPacer(ground.clock, settings.ephemeralWindowMs, readSome);

  return {
    read(users) {
      for (const user of users) stale.add(user);
      if (stale.size > 0) pacer.wake();
    },
    get waiting() {
      return stale.size;
    },
  };

  async function readSome(): Promise<void> {
    const users = [...stale.values().take(usersPerRead)];
    // Before the question is asked: what changes from now on is read once more.
    for (const user of users) stale.delete(user);
    try {
      for (const presence of await reads.run(() => store.presence.presenceOf(users))) learn(presence);
    } catch (error) {
      logFailure(ground, 'Presence could not be read; it is tried again.', error);
      for (const user of users) stale.add(user);
      pacer.wake(settings.retryMs);
      return;
    }
    if (stale.size > 0) pacer.wake();
  }
}

// ---

const usersPerRead = 1000;
