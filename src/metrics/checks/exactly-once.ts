/**
 * An application is shown no place of a conversation twice, and no message at two places. Frames that come again on the
 * wire are no violation, only counted. Grows with recipients × conversations, and 16 bytes a message.
 */
import type { CheckEntry, Verdict } from './check.ts';
import { at, type Place, Places } from './message-table.ts';
import { SeqSet } from './seq-set.ts';
import { isShown } from './sightings.ts';
import { count, createViolations, type Violations, verdictOf } from './violations.ts';

export const exactlyOnce: CheckEntry = {
  promise: 'The application is shown every message once.',
  mayAbstain: false,
  create() {
    const shown: Shown = new Map();
    const places = new Places();
    const elsewhere: Elsewhere[] = [];
    const violations = createViolations();
    let arrivals = 0;
    let showings = 0;
    return {
      add(event) {
        const { actor: user, conversation, seq, peer: author, clientId } = event;
        if (event.kind === 'wire' && event.op === 'send' && author !== user) arrivals += 1;
        if (!isShown(event)) return;
        showings += 1;
        if (!shownTo(shown, user, conversation).add(seq)) {
          const what = () => `user ${user} was shown the message at ${seq} of conversation ${conversation} again`;
          violations.report(what, { conversation, seqs: [seq], actors: [user] });
        }
        const first = places.note(author, clientId, event);
        if (first) elsewhere.push({ user, author, clientId, first, second: { conversation, seq } });
      },
      verdict() {
        for (const one of elsewhere) reportTwice(one, shown, violations);
        return verdict(violations, { showings, arrivals });
      },
    };
  },
};

// ---

type Shown = Map<number, Map<number, SeqSet>>;

/** A user was shown a message at another place than the first known; it is a repeat if they were shown that too. */
interface Elsewhere {
  readonly user: number;
  readonly author: number;
  readonly clientId: number;
  readonly first: Place;
  readonly second: Place;
}

function shownTo(shown: Shown, user: number, conversation: number): SeqSet {
  const users = at(shown, conversation, () => new Map<number, SeqSet>());
  return at(users, user, () => new SeqSet());
}

function reportTwice({ user, author, clientId, first, second }: Elsewhere, shown: Shown, violations: Violations): void {
  if (!shownTo(shown, user, first.conversation).has(first.seq)) return;
  const [here, there] = [first, second].map(({ conversation, seq }) => `at ${seq} of conversation ${conversation}`);
  violations.report(() => `user ${user} was shown message ${clientId} of user ${author} twice: ${here} and ${there}`, {
    messages: [{ author, clientId }],
    actors: [user],
  });
}

function verdict(violations: Violations, { showings, arrivals }: { showings: number; arrivals: number }): Verdict {
  const again = Math.max(0, arrivals - showings);
  return verdictOf({
    check: 'exactly-once',
    violations,
    judged: showings,
    words: `${count('message', showings)} shown, ${violations.count} of them again; ${count('frame', again)} more on the wire`,
    nothing: 'nothing was shown to anybody',
  });
}
