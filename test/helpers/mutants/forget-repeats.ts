import type { ClientId, Send } from '../../../src/system/index.ts';
import type { Mutant } from './index.ts';
import { perCluster } from './per-cluster.ts';

/** A repeated send gets a client id of its own, so the database takes it for another message. */
export const forgetRepeats: Mutant = {
  defect: 'A message that is sent again after a failure is written twice.',
  killers: ['no-ghost', 'stored-agrees'],
  create() {
    const seenOf = perCluster(() => new Map<string, number>());
    return {
      wrapStore(store, around) {
        const seen = seenOf(around);
        const disguise = (send: Send): Send => {
          const key = `${send.by.device}/${send.clientId}`;
          const times = seen.get(key) ?? 0;
          seen.set(key, times + 1);
          return { ...send, clientId: (send.clientId + times * 1_000_000) as ClientId };
        };
        return { ...store, accept: (sends) => store.accept(sends.map(disguise)) };
      },
    };
  },
};
