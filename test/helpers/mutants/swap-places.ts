import type { Outcome } from '../../../src/system/index.ts';
import type { Mutant } from './index.ts';

/** Two messages that were written together are answered with each other's place. */
export const swapPlaces: Mutant = {
  defect: 'What is told of the place of a message is not what is stored.',
  killers: ['same-order', 'stored-agrees'],
  create: () => ({
    wrapStore: (store) => ({ ...store, accept: async (sends) => swapped(await store.accept(sends)) }),
  }),
};

function swapped(outcomes: readonly Outcome[]): readonly Outcome[] {
  const [first, second] = outcomes;
  if (first?.kind !== 'accepted' || second?.kind !== 'accepted' || first.conversation !== second.conversation) {
    return outcomes;
  }
  if (first.repeat || second.repeat) return outcomes;
  return [{ ...first, seq: second.seq }, { ...second, seq: first.seq }, ...outcomes.slice(2)];
}
