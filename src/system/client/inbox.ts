import type { Cancel } from '../ports.ts';
import type { Entry, ExpiredFrame } from '../protocol/frames.ts';
import type { ConversationId, DeviceId, Seq, UserName } from '../protocol/ids.ts';
import { frameText } from './asking.ts';
import type { Connection } from './connection.ts';
import type { SessionHandlers, SessionSettings, SessionWorld } from './contract.ts';
import type { Arrival, Place } from './place.ts';
import { arrive, expire, newPlace, ownAccepted, startAfter, stored } from './place.ts';

/** Cursors that fit into one `hello`; those left out count from the server's record, and repetitions are dropped. */
const helloCursorsMax = 1500;

/** The session. */
export interface InboxOwner {
  readonly world: SessionWorld;
  readonly handlers: SessionHandlers;
  readonly connection: Pick<Connection, 'isUp' | 'send' | 'abandon'>;
}

/** What a device has of each conversation, what of that the server has not been told, and when it will be. */
export class Inbox {
  private readonly places = new Map<ConversationId, Place>();
  private due: Place[] = [];
  private readonly owner: InboxOwner;
  private readonly settings: SessionSettings;
  private cancelAck: Cancel | null = null;

  constructor(owner: InboxOwner, settings: SessionSettings) {
    this.owner = owner;
    this.settings = settings;
    const { cursors = [] } = settings;
    for (const [conversation, seq] of cursors) {
      const place = this.place(conversation);
      place.cursor = place.confirmed = place.acked = seq;
    }
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

  /** `catchingUp`: it is part of what was asked for by cursor. After a `gap` the connection is given up. */
  arrive(entry: Entry, who: { device: DeviceId; user: UserName | null; catchingUp: boolean }): Arrival {
    const place = this.place(entry.conversation);
    const mayJump = makesMember(entry, who.user) || (who.catchingUp && isGone(place));
    const arrival = arrive(place, { seq: entry.seq, own: entry.device === who.device, mayJump });
    if (arrival === 'gap') this.miss(place, entry.seq);
    else this.listIfDue(place);
    return arrival;
  }

  expire({ conversation, from, to }: ExpiredFrame): void {
    const place = this.place(conversation);
    const expired = expire(place, { from, to });
    if (expired === 'gap') this.miss(place, from);
    else if (expired !== null) {
      this.owner.handlers.expired?.({ conversation, ...expired });
      this.listIfDue(place);
      this.ackLater();
    }
  }

  /** One timer for all conversations. What only one's own entries moved waits for company: nobody needs to hear of it. */
  ackLater(): void {
    if (this.cancelAck || this.due.length === 0 || !this.owner.connection.isUp) return;
    this.cancelAck = this.owner.world.clock.after(this.settings.ackDelayMs, () => this.sendAcks());
  }

  /** What is acknowledged counts as told. */
  sendAcks(): void {
    this.cancelAcks();
    const { due } = this;
    this.due = [];
    for (const place of due) {
      const { conversation } = place;
      const upTo = this.storedOf(place);
      place.due = false;
      place.acked = upTo;
      this.owner.connection.send(frameText({ type: 'ack', conversation, upTo }));
      this.owner.handlers.acked?.({ conversation, upTo });
    }
  }

  cancelAcks(): void {
    this.cancelAck?.();
    this.cancelAck = null;
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

  /** Asks again from where it stands. */
  private miss(place: Place, before: Seq): void {
    place.gapAt = place.cursor;
    this.owner.connection.abandon(`Entries before ${before} of conversation ${place.conversation} are missing.`);
  }

  private storedOf(place: Place): Seq {
    return this.settings.confirms ? place.confirmed : stored(place);
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
