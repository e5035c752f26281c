import type { KnownUser } from '../../database/presence-store.ts';
import { type Ground, logFailure } from '../ground.ts';
import type { Session } from '../session.ts';
import type { Watch } from './ephemeral.ts';
import { createPacer } from './pacer.ts';

/** Looks up whom of the named sessions may know about: a bounded number of names in a window, however many ask. */
export interface AcquaintanceLookup {
  /** `soon`: before all that are to be looked up `sometime`. Does nothing before it is known whose session it is. */
  look(session: Session, when: 'soon' | 'sometime'): void;
  forget(session: Session): void;
  /** Sessions that wait for it. */
  readonly waiting: number;
}

type Found = (session: Session, watch: Watch, known: readonly KnownUser[]) => void;

export function createAcquaintance(ground: Ground, found: Found): AcquaintanceLookup {
  const { store, reads, settings } = ground;
  const soon = new Set<Session>();
  const sometime = new Set<Session>();
  const pacer = createPacer(ground.clock, settings.ephemeralWindowMs, lookSome);

  return {
    look(session, when) {
      if (session.who === null) return;
      if (when === 'soon') soon.add(session);
      else if (!soon.has(session)) sometime.add(session);
      pacer.wake();
    },
    forget,
    get waiting() {
      return soon.size + sometime.size;
    },
  };

  function forget(session: Session): void {
    soon.delete(session);
    sometime.delete(session);
  }

  async function lookSome(): Promise<void> {
    const round = next();
    // Before the question is asked: whoever is to be looked up from now on is so once more.
    for (const [session] of round) forget(session);
    try {
      await look(round);
    } catch (error) {
      logFailure(ground, 'It could not be read who may know about whom; it is tried again.', error);
      for (const [session] of round) if (session.ephemeral?.watch) soon.add(session);
      pacer.wake(settings.retryMs);
      return;
    }
    if (soon.size + sometime.size > 0) pacer.wake();
  }

  /** Those whose turn it is. */
  function next(): Map<Session, Watch> {
    const round = new Map<Session, Watch>();
    let names = 0;
    for (const session of [...soon, ...sometime]) {
      const watch = session.ephemeral?.watch;
      if (!watch) continue;
      names += watch.names.length;
      if (names > namesPerRead && round.size > 0) break;
      round.set(session, watch);
    }
    return round;
  }

  async function look(round: ReadonlyMap<Session, Watch>): Promise<void> {
    const asked = [...round].flatMap(([session, { names }]) => names.map((name) => ({ by: session.who!.user, name })));
    const known = Map.groupBy(await reads.run(() => store.presence.acquaintances(asked)), ({ by }) => by);
    for (const [session, watch] of round) {
      // Asked for others meanwhile, or to be looked up again: this answer is too old.
      if (session.ephemeral?.watch !== watch || soon.has(session)) continue;
      found(session, watch, namedBy(watch, known.get(session.who!.user) ?? []));
    }
  }
}

// ---

const namesPerRead = 2000;

/** Two sessions of one user may have asked for different names. */
function namedBy({ names }: Watch, known: readonly KnownUser[]): readonly KnownUser[] {
  const asked = new Set(names.map((name) => name.toLowerCase()));
  return known.filter(({ name }) => asked.has(name.toLowerCase()));
}
