import type { Ms } from '../../ports.ts';
import type { LeaseId, UserId } from '../../protocol/ids.ts';
import { type Ground, logFailure } from '../ground.ts';
import type { Directory, Session } from '../session.ts';
import { createPacer } from './pacer.ts';

/**
 * Says in the store who is online on this server, under a lease that it renews. A user who comes back within the grace
 * period was never gone. Should the lease end, because the server or its way to the store stood still for too long, a
 * new one is opened and everything is said again.
 */
export interface Presence {
  start(): void;
  came(session: Session): void;
  left(session: Session): void;
  /** Changes that wait to be written, and users within the grace period. */
  readonly waiting: number;
}

interface Parts {
  readonly directory: Directory;
  /** It is in the store that these users came or went, here or on a server that has died. */
  changed(users: readonly UserId[]): void;
}

export function createPresence(ground: Ground, { directory, changed }: Parts): Presence {
  const { clock, settings, store } = ground;
  /** Users without a session, and until when they count as here; the first to end comes first. */
  const grace = new Map<UserId, Ms>();
  /** Said in the store under the present lease. */
  const said = new Set<UserId>();
  /** Perhaps not said in the store as it is; to be compared. */
  const unsure = new Set<UserId>();
  /** Of these nobody knows what the store says: an answer was lost. They are said whatever it is. */
  const unknown = new Set<UserId>();
  let lease: LeaseId | null = null;
  let graceArmed = false;
  const pacer = createPacer(clock, settings.presenceWindowMs, say);

  return {
    start: renewLater,
    came({ who }) {
      grace.delete(who!.user);
      note(who!.user);
    },
    left({ who }) {
      const { user } = who!;
      if (directory.ofUser(user).length > 0) return;
      grace.delete(user);
      grace.set(user, clock.now() + settings.presenceGraceMs);
      if (grace.size > settings.ephemeralQueueMax) endGrace(grace.keys().next().value!);
      armGrace();
    },
    get waiting() {
      return grace.size + unsure.size;
    },
  };

  function isHere(user: UserId): boolean {
    return directory.ofUser(user).length > 0 || grace.has(user);
  }

  function note(user: UserId): void {
    unsure.add(user);
    pacer.wake();
  }

  // --- the grace period

  function endGrace(user: UserId): void {
    grace.delete(user);
    note(user);
  }

  function armGrace(): void {
    const [first] = grace.values();
    if (graceArmed || first === undefined) return;
    graceArmed = true;
    clock.after(first - clock.now(), () => {
      graceArmed = false;
      const now = clock.now();
      for (const [user, until] of grace) {
        if (until > now) break;
        endGrace(user);
      }
      armGrace();
    });
  }

  // --- the store

  async function say(): Promise<void> {
    const users = [...unsure.values().take(usersPerStatement)];
    for (const user of users) unsure.delete(user);
    const came = users.filter((user) => isHere(user) && (!said.has(user) || unknown.has(user)));
    const went = users.filter((user) => !isHere(user) && (said.has(user) || unknown.has(user)));
    try {
      if (came.length + went.length > 0) await write(came, went);
    } catch (error) {
      logFailure(ground, 'Who came and went could not be written; it is tried again.', error);
      for (const user of [...came, ...went]) {
        unknown.add(user);
        unsure.add(user);
      }
      pacer.wake(settings.retryMs);
      return;
    }
    if (unsure.size > 0) pacer.wake();
  }

  async function write(came: readonly UserId[], went: readonly UserId[]): Promise<void> {
    lease ??= await store.presence.openLease(clock.wall());
    const current = lease;
    const isAlive = await store.presence.movePresence(current, { came, went, at: clock.wall() });
    if (!isAlive && lease === current) loseLease();
    // It may also have been lost while this was written.
    if (lease !== current) {
      for (const user of came) unsure.add(user);
      return;
    }
    for (const user of came) said.add(user);
    for (const user of went) said.delete(user);
    for (const user of [...came, ...went]) unknown.delete(user);
    changed([...came, ...went]);
  }

  /** What was said under it is no longer true in the store. */
  function loseLease(): void {
    lease = null;
    for (const user of said) unsure.add(user);
    said.clear();
    unknown.clear();
    pacer.wake();
  }

  function renewLater(): void {
    clock.after(settings.presenceLeaseMs / renewalsPerLease, async () => {
      if (lease !== null) await renew(lease);
      renewLater();
    });
  }

  async function renew(current: LeaseId): Promise<void> {
    const now = clock.wall();
    try {
      const ended = await store.presence.renewLease(current, { now, lapsedBefore: now - settings.presenceLeaseMs });
      if (ended === null && lease === current) loseLease();
      else if (ended !== null && ended.length > 0) changed(ended);
    } catch (error) {
      logFailure(ground, 'The lease of presence could not be renewed; it is tried again.', error);
    }
  }
}

// ---

const usersPerStatement = 1000;
const renewalsPerLease = 3;
