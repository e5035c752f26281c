/**
 * What a user has of a conversation, their own accepted entries included, has no hole before the last place that they
 * were shown, except where they were not a member in between. Their own entries may run ahead of what they were shown,
 * and one of theirs that was never answered may stand in a hole, as may what they were told to have expired.
 */
import type { HistoryEvent } from '../history/event.ts';
import type { CheckEntry, Verdict } from './check.ts';
import { createLedger, entitledRanges, type Ledger, type MemberLedger } from './ledger.ts';
import { at, NumberTable } from './message-table.ts';
import { SeqSet } from './seq-set.ts';
import { count, createViolations, verdictOf } from './violations.ts';

export const gapFree: CheckEntry = {
  promise: 'Nobody is shown a later entry of a conversation while an earlier one never comes.',
  mayAbstain: false,
  create() {
    const ledger = createLedger();
    const authors = new Map<number, NumberTable>();
    return {
      add(event) {
        ledger.add(event);
        noteAuthor(authors, event);
      },
      verdict: () => judge(ledger, authors),
    };
  },
};

// ---

/** Author plus one, by place. */
function noteAuthor(authors: Map<number, NumberTable>, { kind, op, conversation, seq, peer }: HistoryEvent): void {
  if (op !== 'send' || (kind !== 'wire' && kind !== 'app') || seq <= 0) return;
  at(authors, conversation, () => new NumberTable()).set(seq, peer + 1);
}

function judge(ledger: Ledger, authors: ReadonlyMap<number, NumberTable>): Verdict {
  const violations = createViolations();
  let views = 0;
  for (const [conversation, { members }] of ledger.conversations) {
    for (const [user, member] of members) {
      if (member.lastShown === 0) continue;
      views += 1;
      for (const seq of holes(member)) {
        if (authors.get(conversation)?.get(seq) === user + 1) continue;
        const what = () =>
          `user ${user} was shown what stands before and after ${seq} of conversation ${conversation}, but not that`;
        violations.report(what, { conversation, seqs: [seq - 1, seq, seq + 1], actors: [user] });
      }
    }
  }
  return verdictOf({
    check: 'gap-free',
    violations,
    judged: views,
    words: `${count('view', views)} of conversations: ${count('hole', violations.count)}`,
    nothing: 'nobody was shown anything',
  });
}

function holes(member: MemberLedger): SeqSet {
  const all = new SeqSet([[member.has.first!, member.lastShown]]).minus(member.has).minus(member.expired);
  return all.first === null || member.left.first === null ? all : all.minus(absences(member));
}

/** The places between one stay and the next. */
function absences(member: MemberLedger): SeqSet {
  const stays = entitledRanges(member);
  const between = stays.slice(1).map(([from], i) => [stays[i]![1] + 1, from - 1] as const);
  return new SeqSet(between.filter(([from, to]) => from <= to));
}
