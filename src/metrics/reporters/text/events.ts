/** A history event as cells of a timeline; the same words in every report. */
import { type HistoryEvent, laboratory } from '../../history/event.ts';
import { moment } from './format.ts';

export const eventHeadings = ['time', 'who', 'event', 'conversation', 'place', 'message', 'detail'] as const;

const detailCharactersMax = 200;

const kinds: Readonly<Record<HistoryEvent['kind'], string>> = {
  invoke: 'asked',
  ok: 'succeeded',
  fail: 'failed',
  info: 'not answered',
  wire: 'arrived on the wire',
  app: 'shown to the application',
  fault: 'fault',
  heal: 'healed',
  mark: 'mark',
};

/** One cell for each of `eventHeadings`; empty where the event has nothing to say. */
export function eventCells(event: HistoryEvent): string[] {
  return [
    moment(event.t),
    who(event),
    `${event.op}: ${kinds[event.kind]}`,
    event.conversation === 0 ? '' : String(event.conversation),
    event.seq === 0 ? '' : String(event.seq),
    message(event),
    shorten(event.detail, detailCharactersMax),
  ];
}

/** The same on one line. */
export function eventLine(event: HistoryEvent): string {
  const [time, user, what, ...rest] = eventCells(event);
  const named = rest.map((cell, index) => (cell ? `${eventHeadings[index + 3]} ${cell}` : ''));
  return [time, user, what, ...named].filter(Boolean).join('  ');
}

export function shorten(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1)}…`;
}

// ---

function who(event: HistoryEvent): string {
  if (event.actor === laboratory) return 'laboratory';
  return event.session === 0 ? `user ${event.actor}` : `user ${event.actor}, connection ${event.session}`;
}

/** A message is known by its author and the author's id of it. */
function message(event: HistoryEvent): string {
  if (event.clientId !== 0) return `${event.peer >= 0 ? event.peer : event.actor}:${event.clientId}`;
  return event.peer >= 0 ? `user ${event.peer}` : '';
}
