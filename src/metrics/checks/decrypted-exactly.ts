/**
 * Where users encrypt, whoever was a member at the place of a message has read exactly what its author wrote, and nobody
 * else has read it. 40 bytes a message and one range for each stay of a member.
 */
import type { HistoryEvent } from '../history/event.ts';
import type { CheckEntry } from './check.ts';
import { createLedger, entitledRanges, type Ledger } from './ledger.ts';
import { at, messageKey } from './message-table.ts';
import { SeqSet } from './seq-set.ts';
import { count, createViolations, type Violations, verdictOf } from './violations.ts';

export const decryptedExactly: CheckEntry = {
  promise: 'Where users encrypt, every member reads what was written, and nobody else reads anything.',
  mayAbstain: true,
  create() {
    const state: State = {
      ledger: createLedger(),
      written: new Map(),
      readings: new Map(),
      violations: createViolations(),
      opened: 0,
    };
    return { add: (event) => note(state, event), verdict: () => judge(state) };
  },
};

// ---

/** Places by what became of them. */
interface Readings {
  readonly read: SeqSet;
  readonly unreadable: SeqSet;
}

interface State {
  readonly ledger: Ledger;
  /** Fingerprints, by author and client id. */
  readonly written: Map<number, string>;
  /** By conversation and user. */
  readonly readings: Map<number, Map<number, Readings>>;
  readonly violations: Violations;
  opened: number;
}

function note(state: State, event: HistoryEvent): void {
  const { op, actor, clientId, detail } = event;
  state.ledger.add(event);
  if (op === 'written') state.written.set(messageKey(actor, clientId), detail);
  if (op !== 'opened') return;
  state.opened += 1;
  noteOpened(state, event);
}

function noteOpened({ readings, written, violations }: State, event: HistoryEvent): void {
  const { kind, actor, conversation, seq, clientId, peer, detail } = event;
  const byUser = at(readings, conversation, () => new Map<number, Readings>());
  const own = at(byUser, actor, () => ({ read: new SeqSet(), unreadable: new SeqSet() }));
  own[kind === 'ok' ? 'read' : 'unreadable'].add(seq);
  if (kind !== 'ok' || written.get(messageKey(peer, clientId)) === detail) return;
  const what = () => `user ${actor} read at ${seq} of conversation ${conversation} what user ${peer} did not write`;
  violations.report(what, { conversation, seqs: [seq], actors: [actor, peer] });
}

function judge({ ledger, readings, violations, opened }: State) {
  for (const [conversation, byUser] of readings) {
    for (const [user, { read, unreadable }] of byUser) {
      const member = ledger.conversations.get(conversation)?.members.get(user);
      const stays = new SeqSet(member ? entitledRanges(member) : []);
      for (const [seqs, wrong] of [
        [read.minus(stays), 'is no member at'],
        [unreadable.and(stays), 'could not read'],
      ] as const) {
        for (const seq of seqs) {
          const what = () => `user ${user} ${wrong} ${seq} of conversation ${conversation}`;
          violations.report(what, { conversation, seqs: [seq], actors: [user] });
        }
      }
    }
  }
  return verdictOf({
    check: 'decrypted-exactly',
    violations,
    judged: opened,
    words: `${count('message', opened)} opened: ${violations.count} wrongly, or not at all`,
    nothing: 'nobody encrypted',
  });
}
