/**
 * Other checks excuse the loss of what a user was told to have expired; so that must be true. It is when each of the messages
 * was asked for longer ago than messages are kept, and the user was a member where they stood.
 */
import type { HistoryEvent } from '../history/event.ts';
import { type AskedTimes, createAskedTimes } from './asked-times.ts';
import type { CheckEntry } from './check.ts';
import { createLedger, entitled, type Ledger } from './ledger.ts';
import { count, createViolations, type Violations, verdictOf } from './violations.ts';

export const expiryExact: CheckEntry = {
  promise: 'What a user is told to have expired is old enough, and was theirs.',
  mayAbstain: true,
  create() {
    const ledger = createLedger();
    const times = createAskedTimes();
    const violations = createViolations();
    let told = 0;
    return {
      add(event) {
        times.add(event);
        ledger.add(event);
        if (event.op === 'expired' && event.kind === 'app') told += judgeAge(event, { times, violations });
      },
      verdict() {
        judgeMembership(ledger, violations);
        return verdictOf({
          check: 'expiry-exact',
          violations,
          judged: told,
          words: `${count('entry', told, 'entries')} told to have expired: ${violations.count} wrongly`,
          nothing: 'nothing was told to have expired',
        });
      },
    };
  },
};

// ---

/** Answers how many entries were told. */
function judgeAge(
  { t, actor, conversation, seq: from, clientId: to }: HistoryEvent,
  { times, violations }: { readonly times: AskedTimes; readonly violations: Violations },
): number {
  for (let seq = from; seq <= to; seq++) {
    if (times.mayHaveExpired({ conversation, seq }, t)) continue;
    const what = () =>
      `user ${actor} was told that the message at ${seq} of conversation ${conversation} had expired, before ${times.expiryMs} ms had passed`;
    violations.report(what, { conversation, seqs: [seq], actors: [actor] });
  }
  return to - from + 1;
}

function judgeMembership(ledger: Ledger, violations: Violations): void {
  for (const [conversation, { members }] of ledger.conversations) {
    for (const [user, member] of members) {
      if (member.joined.first === null) continue;
      for (const seq of member.expired.minus(entitled(member.expired, member))) {
        const what = () =>
          `user ${user} was told that ${seq} of conversation ${conversation} had expired, but was no member there`;
        violations.report(what, { conversation, seqs: [seq], actors: [user] });
      }
    }
  }
}
