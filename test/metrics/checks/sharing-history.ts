/** Correct histories in which messages carry images: each sender uploads one before, and each recipient downloads it. */
import type fc from 'fast-check';
import type { HistoryEvent } from '../../../src/metrics/index.ts';
import { timed } from './histories.ts';
import { correctHistory } from './random-history.ts';

export const sharingHistory: fc.Arbitrary<readonly HistoryEvent[]> = correctHistory.map((events) =>
  timed(events.flatMap(withImages)),
);

// ---

function withImages(event: HistoryEvent): HistoryEvent[] {
  if (event.op !== 'send') return [event];
  const { kind, actor, peer, clientId } = event;
  const image = (author: number): Partial<HistoryEvent> => ({ clientId: author * 1000 + clientId });
  const digest = (author: number): string => `digest ${author} ${clientId}`;
  if (kind === 'invoke') {
    const upload = { ...event, op: 'upload' as const, ...image(actor) };
    return [upload, { ...upload, kind: 'ok', detail: digest(actor) }, event];
  }
  if (kind !== 'app') return [event];
  const download = { ...event, op: 'download' as const, ...image(peer) };
  return [event, { ...download, kind: 'invoke' }, { ...download, kind: 'ok', detail: digest(peer) }];
}
