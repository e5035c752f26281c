/**
 * What a user was last told of another's presence must be so at the end, once both have been as they are for long enough
 * (a picture may be late, not wrong). And nobody is told of a user for whom they did not ask, who never came, or with
 * whom they never shared a conversation. Grows with watchers × watched.
 */
import type { HistoryEvent } from '../history/event.ts';
import type { CheckEntry } from './check.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { at } from './message-table.ts';
import { count, createViolations, type Violations, verdictOf } from './violations.ts';

export const presenceTrue: CheckEntry = {
  promise:
    'Watchers see in the end who is online and who is not, and are told of nobody whom they share no conversation with.',
  mayAbstain: true,
  create() {
    const state: State = {
      ledger: createLedger(),
      views: new Map(),
      since: new Map(),
      violations: createViolations(),
      endMs: null,
      lastMs: 0,
    };
    return { add: (event) => note(state, event), verdict: () => judge(state) };
  },
};

// ---

/** Connected, or gone, for so long: others must have been told. */
const settledMs = { online: 5_000, offline: 30_000 } as const;

type Told = keyof typeof settledMs;

interface State {
  readonly ledger: Ledger;
  /** By watcher and watched: what was told last; null while nothing was. */
  readonly views: Map<number, Map<number, Told | null>>;
  /** By user: how it is with them, and since when. */
  readonly since: Map<number, { readonly is: Told; readonly t: number }>;
  readonly violations: Violations;
  /** When users began to be sent home; null when the run did not come so far. */
  endMs: number | null;
  lastMs: number;
}

function note(state: State, event: HistoryEvent): void {
  const { t, kind, op, actor, peer, detail } = event;
  state.ledger.add(event);
  state.lastMs = t;
  if (op === 'phase' && detail === 'end') state.endMs = t;
  else if (op === 'watch') at(state.views, actor, () => new Map<number, Told | null>()).set(peer, null);
  else if (op === 'presence') noteTold(state, event);
  else if (state.endMs !== null) return;
  else if (op === 'connect' && kind === 'ok') state.since.set(actor, { is: 'online', t });
  else if (op === 'disconnect') state.since.set(actor, { is: 'offline', t });
}

function noteTold({ views, since, violations, endMs }: State, { actor, peer, detail }: HistoryEvent): void {
  const view = views.get(actor);
  const focus = { actors: [actor, peer] };
  if (!view?.has(peer)) {
    violations.report(() => `user ${actor} was told of user ${peer}, for whom they had not asked`, focus);
    return;
  }
  if (detail === 'online' && !since.has(peer)) {
    violations.report(() => `user ${actor} was told that user ${peer} was online, who had never come`, focus);
  }
  if (endMs === null) view.set(peer, detail as Told);
}

function judge(state: State) {
  const { views, violations } = state;
  const endMs = state.endMs ?? state.lastMs;
  let judged = 0;
  for (const [watcher, view] of views) {
    const companions = companionsOf(state.ledger, watcher);
    for (const [peer, told] of view) {
      if (told !== null) judged += 1;
      if (!companions.has(peer)) {
        const what = () => `user ${watcher} was told of user ${peer}, with whom they never shared a conversation`;
        if (told !== null) violations.report(what, { actors: [watcher, peer] });
        continue;
      }
      const truth = settledAt(state, peer, endMs);
      if (truth === null || truth === told || settledAt(state, watcher, endMs) !== 'online') continue;
      const what = () => `user ${peer} was ${truth} at the end, but user ${watcher} was told ${told ?? 'nothing'}`;
      violations.report(what, { actors: [watcher, peer] });
    }
  }
  return verdictOf({
    check: 'presence-true',
    violations,
    judged,
    words: `${count('picture', judged)} of another's presence: ${violations.count} wrong`,
    nothing: 'nobody was told of the presence of others',
  });
}

/** All who were ever in a conversation with the user. */
function companionsOf(ledger: Ledger, user: number): Set<number> {
  const companions = new Set<number>();
  for (const [, { members }] of ledger.conversationsOf(user)) {
    for (const [other, { joined }] of members) if (joined.first !== null) companions.add(other);
  }
  return companions;
}

/** How it has been with the user for long enough; null while it has not. */
function settledAt({ since }: State, user: number, t: number): Told | null {
  const now = since.get(user);
  return now !== undefined && t - now.t >= settledMs[now.is] ? now.is : null;
}
