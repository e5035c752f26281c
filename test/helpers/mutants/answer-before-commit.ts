import type { Outcome, Send, Seq, Store } from '../../../src/system/index.ts';
import type { Mutant } from './index.ts';
import { perCluster } from './per-cluster.ts';

/** How long after the answer the commit begins. */
const lateMs = 20;

/** `accepted` is sent with the place that the message will have; it is written a little later, unless the server dies. */
export const answerBeforeCommit: Mutant = {
  defect: 'A server answers before the message is committed.',
  killers: ['no-accepted-lost', 'stored-agrees'],
  create() {
    const headsOf = perCluster(() => new Map<number, number>());
    return {
      wrapStore(store, around) {
        const promised = headsOf(around);
        return {
          ...store,
          async accept(sends) {
            const outcomes: Outcome[] = [];
            for (const send of sends) outcomes.push(await promise(store, { send, promised }));
            const written = sends.filter((_, index) => outcomes[index]?.kind === 'accepted');
            around.process.clock.after(lateMs, () => void store.accept(written));
            return outcomes;
          },
        };
      },
    };
  },
};

async function promise(
  store: Store,
  { send, promised }: { send: Send; promised: Map<number, number> },
): Promise<Outcome> {
  const room = await store.conversation(send.conversation);
  const isMember = room?.members.some(({ id }) => id === send.by.user) ?? false;
  if (!room || !isMember) return { kind: 'refused', code: 'notMember' };
  const seq = (Math.max(room.lastSeq, promised.get(room.id) ?? 0) + 1) as Seq;
  promised.set(room.id, seq);
  return { kind: 'accepted', conversation: room.id, seq, at: send.at, repeat: false, affected: [], entry: null };
}
