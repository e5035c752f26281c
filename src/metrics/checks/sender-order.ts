/**
 * Messages of one author in one conversation stand in the order in which the author sent them, and are shown in it.
 * About 40 bytes a message, and the places shown to each user as ranges.
 */
import type { CheckEntry } from './check.ts';
import { at, NumberTable, Places } from './message-table.ts';
import { SeqSet } from './seq-set.ts';
import { authorOf, isShown, showsPlace } from './sightings.ts';
import { count, createViolations, type Violations, verdictOf } from './violations.ts';

export const senderOrder: CheckEntry = {
  promise: "Messages of one author in one conversation keep the author's order, for everybody.",
  mayAbstain: false,
  create() {
    const sent = new Map<number, Sent>();
    const places = new Places();
    const shown = new Map<number, Shown>();
    const violations = createViolations();
    let placed = 0;
    return {
      add(event) {
        const { kind, op, actor, conversation, seq, clientId } = event;
        if (op === 'send' && kind === 'invoke') noteSent(at(sent, actor, newSent), clientId);
        if (!showsPlace(event)) return;
        if (kind === 'ok') placed += 1;
        places.note(authorOf(event), clientId, event);
        if (!isShown(event)) return;
        const overtaken = noteShown(at(shown, conversation, newShown), { user: actor, author: event.peer, seq });
        if (overtaken === null) return;
        const what = () =>
          `user ${actor} was shown ${seq} of conversation ${conversation} after ${overtaken}, which user ${event.peer} sent later`;
        violations.report(what, { conversation, seqs: [seq, overtaken], actors: [actor] });
      },
      verdict() {
        for (const [author, { inOrder }] of sent) judgePlaces(author, inOrder, places, violations);
        return verdictOf({
          check: 'sender-order',
          violations,
          judged: placed,
          words: `${count('message', placed)} accepted of ${count('author', sent.size)}: ${violations.count} out of order`,
          nothing: 'nothing was accepted',
        });
      },
    };
  },
};

// ---

/** Client ids in the order in which they were first sent. */
interface Sent {
  readonly inOrder: number[];
  readonly known: SeqSet;
}

function newSent(): Sent {
  return { inOrder: [], known: new SeqSet() };
}

function noteSent({ inOrder, known }: Sent, clientId: number): void {
  if (known.add(clientId)) inOrder.push(clientId);
}

function judgePlaces(author: number, inOrder: readonly number[], places: Places, violations: Violations): void {
  const last = new Map<number, { seq: number; clientId: number }>();
  for (const clientId of inOrder) {
    const place = places.get(author, clientId);
    if (!place) continue;
    const { conversation, seq } = place;
    const before = last.get(conversation);
    if (before && seq < before.seq) {
      const what = () =>
        `user ${author} sent message ${before.clientId} before ${clientId}, but in conversation ${conversation} it stands at ${before.seq}, after ${seq}`;
      violations.report(what, { conversation, seqs: [seq, before.seq], actors: [author] });
    } else last.set(conversation, { seq, clientId });
  }
}

/** Of one conversation: each author plus one by place, and for each user the places shown. */
interface Shown {
  readonly authors: NumberTable;
  readonly users: Map<number, SeqSet>;
}

function newShown(): Shown {
  return { authors: new NumberTable(), users: new Map() };
}

/** A later place of the same author that the user has been shown already; null if none. */
function noteShown(
  { authors, users }: Shown,
  { user, author, seq }: { readonly user: number; readonly author: number; readonly seq: number },
): number | null {
  const own = at(users, user, () => new SeqSet());
  const last = own.last;
  authors.set(seq, author + 1);
  own.add(seq);
  if (last === null || seq >= last) return null;
  for (const later of own.and(new SeqSet([[seq + 1, last]]))) {
    if (authors.get(later) === author + 1) return later;
  }
  return null;
}
