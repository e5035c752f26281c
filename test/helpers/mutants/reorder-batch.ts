import type { Mutant } from './index.ts';

/** The messages of one batch are written last first. */
export const reorderBatch: Mutant = {
  defect: 'Messages that one user sends in a row are stored in another order.',
  killers: ['sender-order'],
  create: () => ({
    wrapStore: (store) => ({
      ...store,
      accept: async (sends) => (await store.accept(sends.toReversed())).toReversed(),
    }),
  }),
};
