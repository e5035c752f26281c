/**
 * What the database holds after the run is what was accepted, and of what was never answered any part.
 * What is older than messages are kept may be gone. 32 bytes a message.
 */
import type { HistoryEvent } from '../history/event.ts';
import { type AskedTimes, createAskedTimes } from './asked-times.ts';
import type { CheckEntry } from './check.ts';
import { at, messageKey, messageOf, NumberTable, Places } from './message-table.ts';
import { SeqSet } from './seq-set.ts';
import { count, createViolations, type Violations, verdictOf } from './violations.ts';

export const storedAgrees: CheckEntry = {
  promise: 'The database holds, at the end, what was accepted and nothing that was refused or never sent.',
  mayAbstain: true,
  create() {
    const state: State = {
      conversations: new Map(),
      invoked: new Map(),
      failed: new Set(),
      places: new Places(),
      violations: createViolations(),
      times: createAskedTimes(),
      endMs: 0,
      stored: 0,
      accepted: 0,
    };
    return { add: (event) => note(state, event), verdict: () => judge(state) };
  },
};

// ---

interface State {
  readonly conversations: Map<number, { readonly accepted: NumberTable; readonly stored: NumberTable }>;
  /** Client ids by author. */
  readonly invoked: Map<number, SeqSet>;
  readonly failed: Set<number>;
  readonly places: Places;
  readonly violations: Violations;
  readonly times: AskedTimes;
  /** When the database was read. */
  endMs: number;
  stored: number;
  accepted: number;
}

function note(state: State, event: HistoryEvent): void {
  const { kind, op, actor, conversation, seq, clientId, peer } = event;
  state.times.add(event);
  if (op === 'stored') {
    state.endMs = event.t;
    state.stored += 1;
    tablesOf(state, conversation).stored.set(seq, messageKey(peer, clientId));
    const first = state.places.note(peer, clientId, event);
    const what = () =>
      `message ${clientId} of user ${peer} is stored at ${first?.seq} and at ${seq} of conversation ${conversation}`;
    if (first) state.violations.report(what, { conversation, seqs: [seq], messages: [{ author: peer, clientId }] });
  } else if (op !== 'send') return;
  else if (kind === 'invoke') {
    at(state.invoked, actor, () => new SeqSet()).add(clientId);
    state.failed.delete(messageKey(actor, clientId));
  } else if (kind === 'fail') state.failed.add(messageKey(actor, clientId));
  else if (kind === 'ok') {
    state.accepted += 1;
    tablesOf(state, conversation).accepted.set(seq, messageKey(actor, clientId));
  }
}

function tablesOf({ conversations }: State, conversation: number) {
  return at(conversations, conversation, () => ({ accepted: new NumberTable(), stored: new NumberTable() }));
}

function judge(state: State) {
  const { conversations, violations, stored, accepted } = state;
  if (stored > 0) {
    for (const [conversation, tables] of conversations) {
      const last = Math.max(tables.accepted.last, tables.stored.last);
      for (let seq = 1; seq <= last; seq++) {
        const [told, held] = [tables.accepted.get(seq), tables.stored.get(seq)];
        if (told !== held) judgePlace(state, { conversation, seq, told, held });
      }
    }
  }
  return verdictOf({
    check: 'stored-agrees',
    violations,
    judged: stored,
    words: `${count('message', stored)} stored, ${accepted} accepted: ${count('disagreement', violations.count)}`,
    nothing: 'not judged: the database was not read after the run',
  });
}

/** `told` by acceptance and `held` by the database differ; 0 is nothing. */
function judgePlace(
  { violations, invoked, failed, times, endMs }: State,
  { conversation, seq, told, held }: { conversation: number; seq: number; told: number; held: number },
): void {
  const where = `at ${seq} of conversation ${conversation}`;
  const focus = { conversation, seqs: [seq], messages: [told, held].filter((key) => key > 0).map(messageOf) };
  const name = (key: number) => `message ${messageOf(key).clientId} of user ${messageOf(key).author}`;
  if (held === 0 && times.mayHaveExpired({ conversation, seq }, endMs)) return;
  if (held === 0) violations.report(() => `${name(told)} was accepted ${where}, but is not stored`, focus);
  else if (told !== 0)
    violations.report(() => `${name(told)} was accepted ${where}, but ${name(held)} is stored there`, focus);
  else {
    const { author, clientId } = messageOf(held);
    const known = invoked.get(author)?.has(clientId) ?? false;
    if (known && !failed.has(held)) return;
    violations.report(() => `${name(held)} is stored ${where}, but was ${known ? 'refused' : 'never sent'}`, focus);
  }
}
