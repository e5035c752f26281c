/** How events speak of messages: who wrote it, and whether the event shows it at its place. */
import type { HistoryEvent } from '../history/event.ts';

/** The author of the message of a `send` or `stored` event. */
export function authorOf({ kind, op, actor, peer }: HistoryEvent): number {
  return kind === 'wire' || kind === 'app' || op === 'stored' ? peer : actor;
}

/** The event shows a message at a place: told to its author, arrived, shown or read from the database. */
export function showsPlace({ kind, op, seq }: HistoryEvent): boolean {
  if (seq <= 0) return false;
  return op === 'stored' || (op === 'send' && (kind === 'ok' || kind === 'wire' || kind === 'app'));
}

/** A message came to a user's machine, or was shown there. */
export function isDelivery({ kind, op, seq }: HistoryEvent): boolean {
  return op === 'send' && seq > 0 && (kind === 'wire' || kind === 'app');
}

/** A user's application was shown a message. */
export function isShown({ kind, op }: HistoryEvent): boolean {
  return op === 'send' && kind === 'app';
}
