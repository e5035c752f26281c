import type { ConversationId, Seq } from '../protocol/ids.ts';

/** How far one conversation is known. */
export interface Place {
  readonly conversation: ConversationId;
  /** Everything up to here has been shown or is one's own. */
  cursor: Seq;
  /** The application has stored everything up to here, as far as it is to say so. */
  confirmed: Seq;
  /** The server was told so up to here. */
  acked: Seq;
  /** Own entries beyond a gap that has not closed yet: `accepted` may overtake what others wrote before. Null when none. */
  early: Seq[] | null;
  /**
   * Place named by the answer to an `openDirect`. It is one's own entry if the conversation is new, the other's if they
   * opened it first: then the entry is still to come and to be shown. 0: none.
   */
  claimed: Seq;
  /** Where a gap was met before; -1: nowhere. */
  gapAt: number;
  /** Is in the list of places to be acknowledged. */
  due: boolean;
}

/** What to do with an entry. */
export type Arrival = 'show' | 'own' | 'duplicate' | 'gap';

export function newPlace(conversation: ConversationId): Place {
  return {
    conversation,
    cursor: zero,
    confirmed: zero,
    acked: zero,
    early: null,
    claimed: zero,
    gapAt: -1,
    due: false,
  };
}

/** The server says that what follows `after` is to come: what one is not to see counts as known. */
export function startAfter(place: Place, after: Seq): void {
  if (after > place.cursor) moveTo(place, after);
}

/**
 * An entry came. `mayJump`: the missing ones before it are not for this user (the entry is what made them a member).
 * A `gap` changes nothing.
 */
export function arrive(
  place: Place,
  entry: { readonly seq: Seq; readonly own: boolean; readonly mayJump: boolean },
): Arrival {
  const { seq, own } = entry;
  if (seq === place.claimed) return arriveClaimed(place, own);
  if (seq <= place.cursor || place.early?.includes(seq)) return 'duplicate';
  if (seq > place.cursor + 1 && !entry.mayJump) return 'gap';
  moveTo(place, seq);
  return own ? 'own' : 'show';
}

/** Messages that one will never see. `missed`: how many of them others wrote, as far as one knows. */
export interface Expired {
  readonly from: Seq;
  readonly to: Seq;
  readonly missed: number;
}

/** The server says that these places have expired; answers those that were not known, null when all were. */
export function expire(place: Place, range: { readonly from: Seq; readonly to: Seq }): Expired | 'gap' | null {
  const { to } = range;
  if (to <= place.cursor) return null;
  if (range.from > place.cursor + 1) return 'gap';
  const from = (place.cursor + 1) as Seq;
  const own = place.early?.filter((seq) => seq <= to).length ?? 0;
  moveTo(place, to);
  return { from, to, missed: to - from + 1 - own };
}

/** One's own operation is accepted at `seq`. */
export function ownAccepted(place: Place, seq: Seq, openDirect: boolean): void {
  if (seq <= place.cursor || place.early?.includes(seq)) return;
  if (seq > place.cursor + 1) {
    place.early = [...(place.early ?? []), seq];
    return;
  }
  moveTo(place, seq);
  if (openDirect) place.claimed = seq;
}

/** How far the device can truthfully say that it has everything. */
export function stored(place: Place): Seq {
  return place.claimed === 0 ? place.cursor : (Math.min(place.claimed - 1, place.cursor) as Seq);
}

// ---

const zero = 0 as Seq;

function arriveClaimed(place: Place, own: boolean): Arrival {
  place.claimed = zero;
  return own ? 'duplicate' : 'show';
}

/** Anything later than a claimed place shows that its entry was one's own: what is another's comes in order. */
function moveTo(place: Place, seq: Seq): void {
  place.claimed = zero;
  place.cursor = seq;
  while (place.early) {
    const next = (place.cursor + 1) as Seq;
    const known = place.early.includes(next);
    const left = place.early.filter((early) => early > (known ? next : place.cursor));
    place.early = left.length > 0 ? left : null;
    if (!known) return;
    place.cursor = next;
  }
}
