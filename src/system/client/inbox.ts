import type { Entry } from '../protocol/frames.ts';
import type { ConversationId, DeviceId, Seq, UserName } from '../protocol/ids.ts';
import type { SessionSettings } from './contract.ts';
import type { Arrival, Place } from './place.ts';
import { arrive, newPlace, ownAccepted, startAfter, stored } from './place.ts';

/** Cursors that fit into one `hello`; those left out count from the server's record, and repetitions are dropped. */
const helloCursorsMax = 1500;

/** What a device has of each conversation, and what of that the server has not been told. */
export class Inbox {
  private readonly places = new Map<ConversationId, Place>();
  private due: Place[] = [];
  /** The application says itself what it has stored. */
  private readonly confirms: boolean;

  constructor({ confirms = false, cursors = [] }: Pick<SessionSettings, 'confirms' | 'cursors'>) {
    this.confirms = confirms;
    for (const [conversation, seq] of cursors) {
      const place = this.place(conversation);
      place.cursor = place.confirmed = place.acked = seq;
    }
  }

  get hasDue(): boolean {
    return this.due.length > 0;
  }

  cursor(conversation: ConversationId): Seq {
    return this.places.get(conversation)?.cursor ?? (0 as Seq);
  }

  told(conversation: ConversationId): Seq {
    const place = this.places.get(conversation);
    return place ? stored(place) : (0 as Seq);
  }

  confirm(conversation: ConversationId, upTo: Seq): void {
    const place = this.place(conversation);
    if (upTo <= place.confirmed) return;
    place.confirmed = upTo;
    this.listIfDue(place);
  }

  cursors(): [ConversationId, Seq][] {
    const cursors: [ConversationId, Seq][] = [];
    for (const place of this.places.values()) {
      if (cursors.length === helloCursorsMax) break;
      const seq = this.storedOf(place);
      if (seq > 0) cursors.push([place.conversation, seq]);
    }
    return cursors;
  }

  startAfter(conversation: ConversationId, after: Seq): void {
    startAfter(this.place(conversation), after);
  }

  ownAccepted(conversation: ConversationId, seq: Seq, openDirect: boolean): void {
    const place = this.place(conversation);
    ownAccepted(place, seq, openDirect);
    this.listIfDue(place);
  }

  /** `catchingUp`: it is part of what was asked for by cursor. */
  arrive(entry: Entry, who: { device: DeviceId; user: UserName | null; catchingUp: boolean }): Arrival {
    const place = this.place(entry.conversation);
    const mayJump = makesMember(entry, who.user) || (who.catchingUp && isGone(place));
    const arrival = arrive(place, { seq: entry.seq, own: entry.device === who.device, mayJump });
    if (arrival === 'gap') place.gapAt = place.cursor;
    else this.listIfDue(place);
    return arrival;
  }

  /** What is to be acknowledged; it counts as told. */
  takeDue(): { conversation: ConversationId; upTo: Seq }[] {
    const { due } = this;
    this.due = [];
    return due.map((place) => {
      place.due = false;
      place.acked = this.storedOf(place);
      return { conversation: place.conversation, upTo: place.acked };
    });
  }

  // ---

  private place(conversation: ConversationId): Place {
    let place = this.places.get(conversation);
    if (!place) {
      place = newPlace(conversation);
      this.places.set(conversation, place);
    }
    return place;
  }

  private storedOf(place: Place): Seq {
    return this.confirms ? place.confirmed : stored(place);
  }

  private listIfDue(place: Place): void {
    if (place.due || this.storedOf(place) <= place.acked) return;
    place.due = true;
    this.due.push(place);
  }
}

/** Who comes (again) to a conversation does not see what was written before. */
function makesMember(entry: Entry, user: UserName | null): boolean {
  if (entry.type !== 'membership' || user === null) return false;
  return (entry.change === 'added' || entry.change === 'created') && entry.users.includes(user);
}

/** The server skipped these entries once more although asked for them: they have expired. */
function isGone(place: Place): boolean {
  return place.gapAt === place.cursor;
}
