import type { Entry } from '../../../src/system/index.ts';
import type { Mutant } from './index.ts';

/** The entry of a removal names nobody, so that no server ends the delivery to the one who was removed. */
export const deliverAfterRemoval: Mutant = {
  defect: 'Who was removed from a group while connected still gets what is written there.',
  killers: ['members-only'],
  create: () => ({
    wrapStore: (store) => ({
      ...store,
      async change(change) {
        const outcome = await store.change(change);
        if (outcome.kind === 'refused') return outcome;
        return { ...outcome, entry: outcome.entry && nameless(outcome.entry), affected: [] };
      },
      read: async (range) => (await store.read(range)).map(nameless),
    }),
  }),
};

function nameless(entry: Entry): Entry {
  return entry.type === 'membership' && entry.change === 'removed' ? { ...entry, users: [] } : entry;
}
