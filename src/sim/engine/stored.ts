/**
 * Reads the database after a run into the history, so that it can be held against what users saw. Where users encrypt, each
 * payload is searched for `marker`, which every text has.
 */
import { type HistorySink, laboratory } from '../../metrics/index.ts';
import type { Cluster } from '../backends/backend.ts';

export async function recordStored(
  cluster: Cluster,
  order: {
    readonly actorOf: (name: string) => number;
    readonly history: HistorySink;
    readonly runStartMs: number;
    readonly marker: string | null;
  },
): Promise<void> {
  const t = cluster.clock.now() - order.runStartMs;
  for await (const { conversation, seq, sender, clientId, payload } of cluster.stored({
    payloads: order.marker !== null,
  })) {
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
      detail: order.marker === null ? '' : contains(payload, order.marker) ? 'plaintext' : 'opaque',
    });
  }
}

// ---

/** In the payload as it is, or in its bytes. */
function contains(payload: string, marker: string): boolean {
  return payload.includes(marker) || Buffer.from(payload, 'base64url').includes(marker);
}
