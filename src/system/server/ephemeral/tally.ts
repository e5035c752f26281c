import type { ServerStats } from '../../protocol/http.ts';

/** Counts of ephemeral news, as `/stats` shows them. */
export interface Tally {
  received: number;
  delivered: number;
  /** Of these, frames of presence. */
  presence: number;
  coalesced: number;
  dropped: number;
}

export type EphemeralStats = Pick<
  ServerStats,
  | 'ephemeralReceivedTotal'
  | 'ephemeralDeliveredTotal'
  | 'presenceDeliveredTotal'
  | 'ephemeralCoalescedTotal'
  | 'ephemeralDroppedTotal'
  | 'ephemeralQueued'
>;

export function newTally(): Tally {
  return { received: 0, delivered: 0, presence: 0, coalesced: 0, dropped: 0 };
}

export function statsOf(tally: Tally, more: { dropped: number; queued: number }): EphemeralStats {
  return {
    ephemeralReceivedTotal: tally.received,
    ephemeralDeliveredTotal: tally.delivered,
    presenceDeliveredTotal: tally.presence,
    ephemeralCoalescedTotal: tally.coalesced,
    ephemeralDroppedTotal: tally.dropped + more.dropped,
    ephemeralQueued: more.queued,
  };
}
