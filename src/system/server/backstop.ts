import type { ConversationId } from '../protocol/ids.ts';
import { type Ground, logFailure, repeat } from './ground.ts';
import type { Memberships } from './memberships.ts';
import type { Recheck } from './recheck.ts';
import type { Rooms } from './rooms.ts';
import type { Directory, Session } from './session.ts';

interface Parts {
  readonly rooms: Rooms;
  readonly directory: Directory;
  readonly memberships: Memberships;
  readonly recheck: Recheck;
}

/**
 * Finds what a lost hint would have told: every `backstopMs` each room is compared with the store, every `recheckMs` the
 * token and the memberships of each session. The work is spread over the period.
 */
export function startBackstop(ground: Ground, { rooms, directory, memberships, recheck }: Parts): void {
  const { settings, store, reads } = ground;
  // A live iterator: a room that begins meanwhile has its turn in this round, not after the next.
  let roomsLeft = rooms.all.keys();
  let sessionsLeft: Session[] = [];

  repeat(ground, settings.backstopMs / slices, () =>
    guarded('Rooms could not be compared with the store.', compareRooms),
  );
  repeat(ground, settings.recheckMs / slices, () => guarded('Sessions could not be checked again.', checkSessions));

  async function guarded(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      logFailure(ground, what, error);
    }
  }

  async function compareRooms(): Promise<void> {
    const share = nextRooms(Math.ceil(rooms.all.size / slices));
    for (let i = 0; i < share.length; i += idsMax) {
      const heads = await reads.run(() => store.heads(share.slice(i, i + idsMax)));
      for (const [id, seq] of heads) if (rooms.get(id) !== undefined) rooms.heard(id, seq);
    }
  }

  function nextRooms(count: number): ConversationId[] {
    const share = [...roomsLeft.take(count)];
    if (share.length === count) return share;
    roomsLeft = rooms.all.keys();
    return [...share, ...roomsLeft.take(count - share.length)];
  }

  async function checkSessions(): Promise<void> {
    if (sessionsLeft.length === 0) sessionsLeft = [...directory.all];
    const share = sessionsLeft.splice(0, Math.ceil(directory.all.size / slices));
    for (const session of share) {
      if (session.state !== 'open') continue;
      if ((await recheck.session(session)) && isOpen(session)) memberships.load(session);
    }
  }
}

// ---

const slices = 10;
/** Conversations in one question. */
const idsMax = 1000;

function isOpen(session: Session): boolean {
  return session.state === 'open';
}
