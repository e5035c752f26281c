import type { Ms } from '../ports.ts';
import type { UserId } from '../protocol/ids.ts';
import { type Ground, logFailure } from './ground.ts';
import type { Directory, Session, SessionPort } from './session.ts';

/** Closes connections whose token has ended, here or elsewhere. */
export interface Recheck {
  /** Sessions of the user have ended: which of the connections stay is looked up. */
  user(user: UserId): void;
  /** The connection has become one of the user, perhaps by a token that ended while it was looked up. */
  identified(session: Session): void;
  /** True when the connection may stay. Rejects when the store does not answer. */
  session(session: Session): Promise<boolean>;
}

export function createRecheck(ground: Ground, directory: Directory, sessions: SessionPort): Recheck {
  const { clock, store, reads } = ground;
  /** When it was last heard of a user that sessions have ended; the latest last. */
  const heard = new Map<UserId, Ms>();

  return { user, identified, session };

  function user(id: UserId): void {
    heard.delete(id);
    heard.set(id, clock.now());
    if (heard.size > heardMax) heard.delete(heard.keys().next().value!);
    for (const one of [...directory.ofUser(id)]) void attempt(one);
  }

  function identified(one: Session): void {
    if ((heard.get(one.who!.user) ?? -1) >= one.openedAt) void attempt(one);
  }

  async function attempt(one: Session): Promise<void> {
    try {
      await session(one);
    } catch (error) {
      logFailure(ground, 'A token could not be checked again; the next round will.', error);
    }
  }

  async function session(one: Session): Promise<boolean> {
    const who = await reads.run(() => store.findSession(one.tokenDigest, clock.wall()));
    if (who === null) sessions.close(one, 4001, 'The token is not valid any more.');
    return who !== null;
  }
}

// ---

/** Users remembered; of the others, who connects at that very moment stays until the next round. */
const heardMax = 10_000;
