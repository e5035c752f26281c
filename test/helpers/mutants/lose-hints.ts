import type { Mutant } from './index.ts';

/** Hints never arrive, and the poll that makes up for lost ones learns nothing. */
export const loseHints: Mutant = {
  defect: 'A lost hint is never made up for.',
  killers: ['no-accepted-lost'],
  create: () => ({
    wrapBus: (bus) => ({ ...bus, subscribe: () => undefined }),
    wrapStore: (store) => ({ ...store, heads: async () => new Map() }),
  }),
};
