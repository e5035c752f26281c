/** Small correct histories, to judge and to spoil. */
import type { EventKind, EventOp, HistoryEvent } from '../../../src/metrics/index.ts';

export function event(kind: EventKind, op: EventOp, fields: Partial<HistoryEvent> = {}): HistoryEvent {
  return {
    t: 0,
    actor: 0,
    session: 1,
    kind,
    op,
    conversation: 0,
    seq: 0,
    clientId: 0,
    peer: -1,
    detail: '',
    ...fields,
  };
}

/** Gives each event its moment: one millisecond after the one before. */
export function timed(events: readonly HistoryEvent[]): HistoryEvent[] {
  return events.map((one, i) => ({ ...one, t: i + 1 }));
}

/** Users 0 and 1 connect, open a direct conversation (7), and user 0 sends `messages` to user 1. */
export function directTalk(messages: number): HistoryEvent[] {
  const opening = [
    ...connects(0),
    ...connects(1),
    event('invoke', 'openDirect', { actor: 0, clientId: 1, peer: 1 }),
    event('ok', 'openDirect', { actor: 0, clientId: 1, peer: 1, conversation: 7, seq: 1 }),
    ...[0, 1].flatMap((peer) =>
      (['wire', 'app'] as const).map((kind) =>
        event(kind, 'created', { actor: 1, conversation: 7, seq: 1, clientId: 1, peer }),
      ),
    ),
  ];
  const talk = Array.from({ length: messages }, (_, i) => i + 2).flatMap((n) => {
    const message = { conversation: 7, clientId: n };
    return [
      event('invoke', 'send', { ...message, actor: 0 }),
      event('ok', 'send', { ...message, actor: 0, seq: n }),
      event('wire', 'send', { ...message, actor: 1, seq: n, peer: 0 }),
      event('app', 'send', { ...message, actor: 1, seq: n, peer: 0 }),
    ];
  });
  return timed([...opening, ...talk]);
}

function connects(actor: number, session = 1): HistoryEvent[] {
  return [
    event('invoke', 'connect', { actor, session }),
    event('ok', 'connect', { actor, session }),
    event('ok', 'caughtUp', { actor, session }),
  ];
}
