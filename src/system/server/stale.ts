import type { Clock, Ms } from '../ports.ts';
import type { ConversationId, Seq } from '../protocol/ids.ts';
import type { Memberships } from './memberships.ts';
import type { Rooms } from './rooms.ts';
import type { Session } from './session.ts';

/**
 * Holds back the refusals of what was encrypted under old keys until the session has been sent the change that made them
 * old, so that a client that hears `staleEpoch` knows all that it needs to encrypt anew. They are few, so a timer looks
 * after them all; delivery, which is not, takes no notice of them.
 */
export interface StaleAnswers {
  /** Runs `answer` once when the session has this place of the conversation, or will never have it. */
  after(session: Session, place: Place, answer: () => void): void;
  /** Runs all that are held back. */
  release(): void;
}

interface Place {
  readonly conversation: ConversationId;
  readonly upTo: Seq;
}

interface Held extends Place {
  readonly session: Session;
  readonly answer: () => void;
}

interface Parts {
  readonly rooms: Rooms;
  readonly memberships: Memberships;
}

export function createStaleAnswers(clock: Clock, { rooms, memberships }: Parts): StaleAnswers {
  let held: Held[] = [];
  let armed = false;

  return {
    after(session, { conversation, upTo }, answer) {
      const one = { session, conversation, upTo, answer };
      // They may have become a member through another server, of which nothing has been heard here yet.
      memberships.touched(session, conversation);
      if (isCurrent(one)) return answer();
      held.push(one);
      rooms.heard(conversation, upTo);
      arm();
    },
    release() {
      const all = held;
      held = [];
      for (const { answer } of all) answer();
    },
  };

  function arm(): void {
    if (armed) return;
    armed = true;
    clock.after(lookEveryMs, look);
  }

  function look(): void {
    armed = false;
    const { ready = [], early = [] } = Object.groupBy(held, (one) => (isCurrent(one) ? 'ready' : 'early'));
    held = early;
    if (held.length > 0) arm();
    for (const { answer } of ready) answer();
  }
}

// ---

const lookEveryMs: Ms = 5;

function isCurrent({ session, conversation, upTo }: Held): boolean {
  if (session.state !== 'open') return true;
  const feed = session.feeds.get(conversation);
  if (feed === undefined || feed.state === 'ended') return session.memberships === 'known';
  return feed.sent >= upTo;
}
