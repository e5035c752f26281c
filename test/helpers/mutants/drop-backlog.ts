import type { Seq } from '../../../src/system/index.ts';
import type { Mutant } from './index.ts';
import { perCluster } from './per-cluster.ts';

/** Whoever comes back is told that they see the conversation from now on, as if they had just joined. */
export const dropBacklog: Mutant = {
  defect: 'What was written while a user was away is not delivered when they return.',
  killers: ['no-accepted-lost', 'backlog-exact'],
  create() {
    const seenOf = perCluster(() => new Set<string>());
    return {
      wrapStore(store, around) {
        const seen = seenOf(around);
        return {
          ...store,
          async membershipsOf(user, device) {
            const memberships = await store.membershipsOf(user, device);
            return memberships.map((membership) => {
              const key = `${device}/${membership.conversation}`;
              if (!seen.has(key)) {
                seen.add(key);
                return membership;
              }
              return { ...membership, joinedSeq: (membership.lastSeq + 1) as Seq };
            });
          },
        };
      },
    };
  },
};
