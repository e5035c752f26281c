/**
 * Whoever was shown a message with an image must have read, in the end, exactly the bytes that were uploaded; who was never
 * a member of its conversation, nothing. Who has left may be refused. Grows with images × members.
 */
import type { HistoryEvent } from '../history/event.ts';
import type { CheckEntry } from './check.ts';
import { createLedger, type Ledger, type MemberLedger } from './ledger.ts';
import { at } from './message-table.ts';
import { count, createViolations, verdictOf } from './violations.ts';

export const imagesExact: CheckEntry = {
  promise: 'Every image is read by those who were told of it, byte for byte as it was sent, and by nobody else.',
  mayAbstain: true,
  create() {
    const state: State = { ledger: createLedger(), uploaded: new Map(), readings: new Map() };
    return { add: (event) => note(state, event), verdict: () => judge(state) };
  },
};

// ---

/** What became of the last attempt of a user to read an image. */
interface Reading {
  readonly conversation: number;
  readonly outcome: HistoryEvent['kind'];
  /** Of the bytes that were read; why there are none. */
  readonly detail: string;
}

interface State {
  readonly ledger: Ledger;
  /** Digests by image. */
  readonly uploaded: Map<number, string>;
  /** By image and user. */
  readonly readings: Map<number, Map<number, Reading>>;
}

function note({ ledger, uploaded, readings }: State, event: HistoryEvent): void {
  ledger.add(event);
  const { kind, op, actor, conversation, clientId, detail } = event;
  if (op === 'upload' && kind === 'ok') uploaded.set(clientId, detail);
  if (op !== 'download') return;
  at(readings, clientId, () => new Map<number, Reading>()).set(actor, { conversation, outcome: kind, detail });
}

function judge({ ledger, uploaded, readings }: State) {
  const violations = createViolations();
  const judged = { read: 0, denied: 0 };
  for (const [image, byUser] of readings) {
    for (const [user, { conversation, outcome, detail }] of byUser) {
      const member = ledger.conversations.get(conversation)?.members.get(user);
      const wrong = wrongWith({ isRead: outcome === 'ok', isSame: uploaded.get(image) === detail, member });
      judged[outcome === 'ok' ? 'read' : 'denied'] += 1;
      const what = () => `user ${user} ${wrong} image ${image} of conversation ${conversation} (${detail})`;
      if (wrong !== null) violations.report(what, { conversation, actors: [user] });
    }
  }
  return verdictOf({
    check: 'images-exact',
    violations,
    judged: judged.read + judged.denied,
    words: `${count('image', uploaded.size)} read ${count('time', judged.read)} and kept from ${count('user', judged.denied)}: ${violations.count} wrongly`,
    nothing: 'nobody was told of an image',
  });
}

/** Null when nothing is. */
function wrongWith(reading: {
  readonly isRead: boolean;
  readonly isSame: boolean;
  readonly member: MemberLedger | undefined;
}): string | null {
  const { isRead, isSame, member } = reading;
  const wasMember = member !== undefined && member.joined.first !== null;
  if (isRead && !wasMember) return 'is no member and read';
  if (isRead) return isSame ? null : 'read other bytes than were sent as';
  return wasMember && member.left.first === null ? 'could not read' : null;
}
