import type { Mutant } from './index.ts';

/** The end of a membership is never told, so that whoever comes back to a server is taken for a member. */
export const deliverAfterRemoval: Mutant = {
  defect: 'Who was removed from a group gets what is written there once they reconnect.',
  killers: ['members-only'],
  create: () => ({
    wrapStore: (store) => ({
      ...store,
      async membershipsOf(user, device) {
        const memberships = await store.membershipsOf(user, device);
        return memberships.map((membership) => ({ ...membership, leftSeq: null }));
      },
    }),
  }),
};
