/**
 * One place of a conversation holds one entry, whoever looks; and everybody is shown the places in ascending order, hence
 * in the same order. 8 bytes an entry, and a number for each user and conversation.
 */
import type { HistoryEvent } from '../history/event.ts';
import type { CheckEntry } from './check.ts';
import { at, messageKey, messageOf, NumberTable } from './message-table.ts';
import { authorOf, showsPlace } from './sightings.ts';
import { count, createViolations, type Violations, verdictOf } from './violations.ts';

export const sameOrder: CheckEntry = {
  promise: 'All members see the same entries of a conversation in the same order.',
  mayAbstain: false,
  create() {
    const entries = new Map<number, NumberTable>();
    const lastShown = new Map<number, Map<number, number>>();
    const violations = createViolations();
    const reported = new Set<string>();
    let views = 0;
    return {
      add(event) {
        const entry = entryOf(event);
        if (entry === 0) return;
        const table = at(entries, event.conversation, () => new NumberTable());
        const known = table.get(event.seq);
        if (known === 0) table.set(event.seq, entry);
        else if (known !== entry) reportOnce({ event, known, entry, violations, reported });
        if (event.kind !== 'app') return;
        views += 1;
        const last = at(lastShown, event.conversation, () => new Map<number, number>());
        reportRegress(event, last.get(event.actor) ?? 0, violations);
        last.set(event.actor, Math.max(event.seq, last.get(event.actor) ?? 0));
      },
      verdict: () =>
        verdictOf({
          check: 'same-order',
          violations,
          judged: views,
          words: `${count('entry', views, 'entries')} shown: ${violations.count} disagreements`,
          nothing: 'nothing was shown to anybody',
        }),
    };
  },
};

// ---

/** What stands at the event's place, as a number: above 0 a message, below 0 a change of membership; 0 if it tells of none. */
function entryOf(event: HistoryEvent): number {
  if (showsPlace(event)) return messageKey(authorOf(event), event.clientId);
  const isMembership = membershipOps.has(event.op) && (event.kind === 'wire' || event.kind === 'app');
  return isMembership && event.seq > 0 ? -1 - event.clientId : 0;
}

const membershipOps: ReadonlySet<string> = new Set(['created', 'added', 'removed', 'left', 'ended', 'rekeyed']);

interface Clash {
  readonly event: HistoryEvent;
  readonly known: number;
  readonly entry: number;
  readonly violations: Violations;
  readonly reported: Set<string>;
}

function reportOnce({ event: { conversation, seq, actor }, known, entry, violations, reported }: Clash): void {
  const key = `${conversation}/${seq}/${entry}`;
  if (reported.has(key)) return;
  reported.add(key);
  const what = () =>
    `at ${seq} of conversation ${conversation} stands ${nameOf(known)}, but for user ${actor} ${nameOf(entry)}`;
  const messages = [known, entry].filter((one) => one > 0).map(messageOf);
  violations.report(what, { conversation, seqs: [seq], messages, actors: [actor] });
}

function reportRegress({ conversation, seq, actor }: HistoryEvent, last: number, violations: Violations): void {
  if (seq >= last) return;
  const what = () => `user ${actor} was shown ${seq} of conversation ${conversation} after ${last}`;
  violations.report(what, { conversation, seqs: [seq, last], actors: [actor] });
}

function nameOf(entry: number): string {
  if (entry < 0) return 'a change of membership';
  const { author, clientId } = messageOf(entry);
  return `message ${clientId} of user ${author}`;
}
