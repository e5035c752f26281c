/** Counts that only the history knows. */
import { SeqSet } from './checks/seq-set.ts';
import type { HistoryEvent } from './history/event.ts';

export interface Tally {
  /** Users of whom anything happened. */
  readonly users: number;
  /** Sends that were never answered: they may have happened. */
  readonly unknown: number;
}

export interface TallyFold {
  add(event: HistoryEvent): void;
  tally(): Tally;
}

export function createTally(): TallyFold {
  const authors = new Map<number, { readonly invoked: SeqSet; readonly answered: SeqSet }>();
  return {
    add({ actor, kind, op, clientId }) {
      if (actor < 0) return;
      let author = authors.get(actor);
      if (!author) {
        author = { invoked: new SeqSet(), answered: new SeqSet() };
        authors.set(actor, author);
      }
      if (op !== 'send') return;
      if (kind === 'invoke') author.invoked.add(clientId);
      else if (kind === 'ok' || kind === 'fail') author.answered.add(clientId);
    },
    tally: () => ({
      users: authors.size,
      unknown: [...authors.values()].reduce((sum, one) => sum + one.invoked.minus(one.answered).size, 0),
    }),
  };
}
