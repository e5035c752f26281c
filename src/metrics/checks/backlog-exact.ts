/**
 * When a session has caught up, its user has everything that was accepted before they dialled, and was shown nothing of
 * it twice. What was accepted while they dialled may come before or after `caughtUp`, and so may what was accepted in a
 * conversation of which nobody had been told yet that it is theirs. What they are told to have expired is excepted.
 */
import type { CheckEntry, Verdict } from './check.ts';
import { createLedger, entitled, type Ledger } from './ledger.ts';
import { createPresence } from './presence.ts';
import { SeqSet } from './seq-set.ts';
import { count, createViolations, verdictOf } from './violations.ts';

export const backlogExact: CheckEntry = {
  promise: 'Whoever returns is shown everything accepted while they were away, and nothing twice.',
  mayAbstain: false,
  create() {
    const ledger = createLedger();
    const presence = createPresence(ledger);
    const catchingUp = new Set<number>();
    const gaps: Gap[] = [];
    const repeats: Place[] = [];
    let sessions = 0;
    return {
      add(event) {
        const { kind, op, actor, conversation, seq } = event;
        presence.add(event);
        if (op === 'connect' && kind === 'ok') catchingUp.add(actor);
        else if (op === 'disconnect') catchingUp.delete(actor);
        else if (op === 'caughtUp') {
          sessions += 1;
          catchingUp.delete(actor);
          for (const [id, , { has }] of ledger.conversationsOf(actor)) {
            const missing = presence.caughtUpTo(actor, id).minus(has);
            if (missing.first !== null) gaps.push({ user: actor, conversation: id, session: event.session, missing });
          }
        } else if (
          kind === 'app' &&
          op === 'send' &&
          catchingUp.has(actor) &&
          wasShown(ledger, actor, conversation, seq)
        ) {
          repeats.push({ user: actor, conversation, seq });
        }
        ledger.add(event);
      },
      verdict: () => judge({ ledger, gaps, repeats, sessions }),
    };
  },
};

// ---

interface Gap {
  readonly user: number;
  readonly conversation: number;
  readonly session: number;
  readonly missing: SeqSet;
}

interface Place {
  readonly user: number;
  readonly conversation: number;
  readonly seq: number;
}

function wasShown(ledger: Ledger, user: number, conversation: number, seq: number): boolean {
  return ledger.conversations.get(conversation)?.members.get(user)?.has.has(seq) ?? false;
}

/** Who was a member when is known for certain only now: an entry that ended a membership may be heard of late. */
function judge(heard: { ledger: Ledger; gaps: readonly Gap[]; repeats: readonly Place[]; sessions: number }): Verdict {
  const violations = createViolations();
  for (const { user, conversation, session, missing } of heard.gaps) {
    const member = heard.ledger.conversations.get(conversation)?.members.get(user);
    for (const seq of member ? entitled(missing, member).minus(member.expired) : new SeqSet()) {
      const what = () =>
        `session ${session} of user ${user} had caught up, without the message at ${seq} of conversation ${conversation}`;
      violations.report(what, { conversation, seqs: [seq], actors: [user] });
    }
  }
  for (const { user, conversation, seq } of heard.repeats) {
    const what = () =>
      `user ${user} was shown the message at ${seq} of conversation ${conversation} again on returning`;
    violations.report(what, { conversation, seqs: [seq], actors: [user] });
  }
  return verdictOf({
    check: 'backlog-exact',
    violations,
    judged: heard.sessions,
    words: `${count('session', heard.sessions)} caught up: ${violations.count} entries missing or repeated`,
    nothing: 'no session caught up',
  });
}
