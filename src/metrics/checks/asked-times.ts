import type { HistoryEvent } from '../history/event.ts';
import { at, messageKey, NumberTable } from './message-table.ts';

/** When each message was asked for, in a run whose messages may expire; in others nothing is kept. */
export interface AskedTimes {
  add(event: HistoryEvent): void;
  /** After so many milliseconds messages expire; `Infinity` when the run does not say. */
  readonly expiryMs: number;
  /** Whether the message at this place may have expired at this moment: it was asked for before it was accepted. */
  mayHaveExpired(place: { readonly conversation: number; readonly seq: number }, t: number): boolean;
}

export function createAskedTimes(): AskedTimes {
  /** By message, without an answer yet. */
  const asked = new Map<number, number>();
  /** By place, plus one. */
  const times = new Map<number, NumberTable>();
  let expiryMs = Number.POSITIVE_INFINITY;
  return {
    add({ kind, op, t, actor, conversation, seq, clientId, detail }) {
      if (op === 'expired' && kind === 'mark') expiryMs = Number(detail);
      else if (op !== 'send' || expiryMs === Number.POSITIVE_INFINITY) return;
      else if (kind === 'invoke') asked.set(messageKey(actor, clientId), t);
      else if (kind === 'ok') {
        const key = messageKey(actor, clientId);
        at(times, conversation, () => new NumberTable()).set(seq, (asked.get(key) ?? 0) + 1);
        asked.delete(key);
      }
    },
    get expiryMs() {
      return expiryMs;
    },
    mayHaveExpired({ conversation, seq }, t) {
      const time = times.get(conversation)?.get(seq) ?? 0;
      return expiryMs !== Number.POSITIVE_INFINITY && (time === 0 || t - (time - 1) >= expiryMs);
    },
  };
}
