/** Correct histories in which users encrypt: each message was written before it was sent, and is opened when it is shown. */
import type fc from 'fast-check';
import type { HistoryEvent } from '../../../src/metrics/index.ts';
import { timed } from './histories.ts';
import { correctHistory } from './random-history.ts';

export const encryptedHistory: fc.Arbitrary<readonly HistoryEvent[]> = correctHistory.map((events) =>
  timed(events.flatMap(encrypted)),
);

// ---

function encrypted(event: HistoryEvent): HistoryEvent[] {
  const { kind, op, actor, peer, clientId } = event;
  if (op === 'stored') return [{ ...event, detail: 'opaque' }];
  if (op !== 'send') return [event];
  if (kind === 'invoke') return [{ ...event, op: 'written', detail: `text ${actor} ${clientId}` }, event];
  if (kind === 'app') return [{ ...event, kind: 'ok', op: 'opened', detail: `text ${peer} ${clientId}` }, event];
  return [event];
}
