/** Reads the database after a run into the history, so that it can be held against what users saw. */
import { type HistorySink, laboratory } from '../../metrics/index.ts';
import type { Cluster } from '../backends/backend.ts';

export async function recordStored(
  cluster: Cluster,
  order: { readonly actorOf: (name: string) => number; readonly history: HistorySink; readonly runStartMs: number },
): Promise<void> {
  const t = cluster.clock.now() - order.runStartMs;
  for await (const { conversation, seq, sender, clientId } of cluster.stored()) {
    order.history.add({
      t,
      actor: laboratory,
      session: 0,
      kind: 'ok',
      op: 'stored',
      conversation,
      seq,
      clientId,
      peer: order.actorOf(sender),
      detail: '',
    });
  }
}
