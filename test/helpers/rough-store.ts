import { type Change, type Outcome, type Send, type Store, StoreFailure } from '../../src/system/database/store.ts';
import type { Random } from '../../src/system/ports.ts';
import type { ManualClock } from './manual-clock.ts';

/** A store behind a network that delays every call and answer, and fails as it is told. */
export interface RoughStore {
  wrap(store: Store, clock: ManualClock): Store;
  /** Part of the calls that fail: without having done anything, or with the outcome unknown. */
  fail(rates: { definite: number; uncertain: number }): void;
  /** Operations, as `device/clientId`, that were refused for good at least once. */
  readonly refused: ReadonlySet<string>;
}

export function createRoughStore(random: Random, delayMaxMs: number): RoughStore {
  let definite = 0;
  let uncertain = 0;
  const refused = new Set<string>();

  const wait = (clock: ManualClock): Promise<void> =>
    new Promise((resume) => clock.after(random.next() * delayMaxMs, resume));

  function rough<A extends unknown[], R>(clock: ManualClock, call: (...args: A) => Promise<R>) {
    return async (...args: A): Promise<R> => {
      await wait(clock);
      const fate = random.next();
      if (fate < definite) throw new StoreFailure('The store did nothing.', { definite: true });
      if (fate < definite + uncertain / 2) throw new StoreFailure('Nobody knows, but nothing.', { definite: false });
      const answer = await call(...args);
      await wait(clock);
      if (fate < definite + uncertain) throw new StoreFailure('Nobody knows, but done.', { definite: false });
      return answer;
    };
  }

  function note(operation: Send | Change, outcome: Outcome): void {
    if (outcome.kind === 'refused') refused.add(`${operation.by.device}/${operation.clientId}`);
  }

  return {
    refused,
    wrap: (store, clock) => ({
      ...store,
      findSession: rough(clock, store.findSession),
      beginConnection: rough(clock, store.beginConnection),
      accept: rough(clock, async (sends) => {
        const outcomes = await store.accept(sends);
        for (const [i, send] of sends.entries()) note(send, outcomes[i]!);
        return outcomes;
      }),
      change: rough(clock, async (change) => {
        const outcome = await store.change(change);
        note(change, outcome);
        return outcome;
      }),
      read: rough(clock, store.read),
      membershipsOf: rough(clock, store.membershipsOf),
      conversation: rough(clock, store.conversation),
      heads: rough(clock, store.heads),
      moveCursors: rough(clock, store.moveCursors),
      presence: {
        openLease: rough(clock, store.presence.openLease),
        renewLease: rough(clock, store.presence.renewLease),
        movePresence: rough(clock, store.presence.movePresence),
        presenceOf: rough(clock, store.presence.presenceOf),
        acquaintances: rough(clock, store.presence.acquaintances),
      },
      receipts: {
        moveReads: rough(clock, store.receipts.moveReads),
        pointers: rough(clock, store.receipts.pointers),
      },
    }),
    fail(rates) {
      definite = rates.definite;
      uncertain = rates.uncertain;
    },
  };
}
