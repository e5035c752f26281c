/**
 * Owed to a user who is connected at the end: every message accepted in their conversations while they were a member
 * (their own are theirs by being accepted). Owed to one who is away at the end: what had been accepted when they dialled
 * for the last session that caught up; the rest waits for them and is counted. Away and never back: nothing. Not owed is
 * what the user was told to have expired.
 */
import type { HistoryEvent } from '../history/event.ts';
import type { CheckEntry, Verdict } from './check.ts';
import { type ConversationLedger, createLedger, entitled, type Ledger } from './ledger.ts';
import { createPresence, type Presence } from './presence.ts';
import { count, createViolations, type Violations, verdictOf } from './violations.ts';

export const noAcceptedLost: CheckEntry = {
  promise: 'Every accepted message reaches every member of its conversation.',
  mayAbstain: false,
  create() {
    const ledger = createLedger();
    const presence = createPresence(ledger);
    return {
      add(event: HistoryEvent) {
        presence.add(event);
        ledger.add(event);
      },
      verdict: () => judge(ledger, presence),
    };
  },
};

// ---

interface Tally {
  accepted: number;
  owed: number;
  /** Accepted where no member is known: nothing can be said. */
  unjudged: number;
  waiting: number;
  /** Not delivered in time, and told so. */
  expired: number;
  readonly away: Set<number>;
  readonly present: Set<number>;
}

function judge(ledger: Ledger, presence: Presence): Verdict {
  const violations = createViolations();
  const tally: Tally = {
    accepted: 0,
    owed: 0,
    unjudged: 0,
    waiting: 0,
    expired: 0,
    away: new Set(),
    present: new Set(),
  };
  for (const [id, conversation] of ledger.conversations) {
    tally.accepted += conversation.accepted.size;
    judgeConversation({ id, conversation, presence, violations, tally });
  }
  const waiting =
    tally.waiting === 0 ? '' : `; ${tally.waiting} wait for ${count('user', tally.away.size)} away at the end`;
  const expired = tally.expired === 0 ? '' : `; ${tally.expired} expired before their members returned`;
  const owed = `${count('accepted message', tally.accepted)} owed ${tally.owed} times, authors included`;
  return verdictOf({
    check: 'no-accepted-lost',
    violations,
    judged: tally.unjudged > 0 || tally.present.size === 0 ? 0 : tally.owed,
    words: `${owed}: ${violations.count} lost${waiting}${expired}`,
    nothing:
      tally.unjudged > 0
        ? `${count('accepted message', tally.unjudged)} in conversations of which no member is known`
        : `nothing was owed to anybody who was there at the end${waiting}`,
  });
}

function judgeConversation(world: {
  readonly id: number;
  readonly conversation: ConversationLedger;
  readonly presence: Presence;
  readonly violations: Violations;
  readonly tally: Tally;
}): void {
  const { id, conversation, presence, violations, tally } = world;
  let judged = false;
  for (const [user, member] of conversation.members) {
    if (member.joined.first === null) continue;
    judged = true;
    const all = entitled(conversation.accepted, member);
    const present = presence.atEnd(user);
    const due = present ? all : all.and(presence.caughtUpTo(user, id));
    const waiting = all.minus(due).minus(member.has).minus(member.expired).size;
    tally.owed += due.size;
    tally.waiting += waiting;
    if (present) tally.present.add(user);
    if (waiting > 0) tally.away.add(user);
    tally.expired += due.minus(member.has).and(member.expired).size;
    for (const seq of due.minus(member.has).minus(member.expired)) {
      const what = () => `user ${user} never got the message at ${seq} of conversation ${id}, which was accepted`;
      violations.report(what, { conversation: id, seqs: [seq], actors: [user] });
    }
  }
  if (!judged) tally.unjudged += conversation.accepted.size;
}
