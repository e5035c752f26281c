/**
 * Two certainties, and where neither holds the benefit of the doubt:
 * - in time: the user's membership had certainly ended before the message was sent, and nobody had begun to invite them
 *   again when it arrived;
 * - in the conversation's own sequence: the message stands where the user was not a member, though every invitation of
 *   theirs has been answered, so that all their stays are known.
 * Grows with conversations × users that received, and 8 bytes a message.
 */
import type { HistoryEvent } from '../history/event.ts';
import type { CheckEntry } from './check.ts';
import { createLedger, entitledRanges, forEachJoining, forEachLeaving, type Ledger } from './ledger.ts';
import { at, NumberTable } from './message-table.ts';
import { SeqSet } from './seq-set.ts';
import { isDelivery } from './sightings.ts';
import { count, createViolations, verdictOf } from './violations.ts';

export const membersOnly: CheckEntry = {
  promise: 'Only members at the time of acceptance receive a message.',
  mayAbstain: false,
  create() {
    const state: State = {
      ledger: createLedger(),
      standings: new Map(),
      sentAt: new Map(),
      creating: new Map(),
      index: 0,
    };
    return {
      add(event) {
        state.index += 1;
        state.ledger.add(event);
        if (event.kind === 'invoke' && event.op === 'send') {
          at(state.sentAt, event.actor, () => new NumberTable()).set(event.clientId, state.index);
        }
        if (isDelivery(event)) noteDelivery(state, event);
        else noteMembership(state, event);
      },
      verdict: () => judge(state),
    };
  },
};

// ---

interface State {
  readonly ledger: Ledger;
  readonly standings: Map<number, Map<number, Standing>>;
  /** When each message was sent, as the number of the event; by author and client id. */
  readonly sentAt: Map<number, NumberTable>;
  /** Unanswered creations of conversations that the user may be a member of by now. */
  readonly creating: Map<number, number>;
  index: number;
}

/** How a user stands to a conversation. */
interface Standing {
  /** Number of the event since which they are certainly not a member; 0 when they may be one. */
  outSince: number;
  lastJoined: number;
  lastLeft: number;
  /** Invitations that were not answered. */
  openInvites: number;
  readonly received: SeqSet;
  /** Received though certainly not a member at any time from sending to arrival. */
  readonly leaked: SeqSet;
}

function standingOf({ standings }: State, conversation: number, user: number): Standing {
  const users = at(standings, conversation, () => new Map<number, Standing>());
  return at(users, user, () => ({
    outSince: 0,
    lastJoined: 0,
    lastLeft: 0,
    openInvites: 0,
    received: new SeqSet(),
    leaked: new SeqSet(),
  }));
}

function noteDelivery(state: State, { actor, conversation, seq, peer, clientId }: HistoryEvent): void {
  if (peer === actor) return;
  const standing = standingOf(state, conversation, actor);
  standing.received.add(seq);
  const sentAt = state.sentAt.get(peer)?.get(clientId) ?? 0;
  if (standing.outSince > 0 && sentAt > standing.outSince && standing.openInvites === 0) standing.leaked.add(seq);
}

function noteMembership(state: State, event: HistoryEvent): void {
  const { kind, op, conversation, seq, actor, peer } = event;
  const answered = kind === 'ok' || kind === 'fail';
  if (op === 'invite' && (kind === 'invoke' || answered)) {
    const standing = standingOf(state, conversation, peer);
    standing.openInvites += answered ? -1 : 1;
    if (!answered) standing.outSince = 0;
  }
  if ((op === 'createGroup' || op === 'openDirect') && (kind === 'invoke' || answered)) {
    for (const user of new Set(peer === -1 ? [actor] : [actor, peer])) {
      state.creating.set(user, (state.creating.get(user) ?? 0) + (answered ? -1 : 1));
    }
  }
  if (seq <= 0) return;
  forEachJoining(event, (user) => noteJoined(standingOf(state, conversation, user), seq));
  forEachLeaving(event, (user) => noteLeft(standingOf(state, conversation, user), seq, state.index));
}

/** Late news of an older stay changes nothing. */
function noteJoined(standing: Standing, seq: number): void {
  standing.lastJoined = Math.max(standing.lastJoined, seq);
  if (standing.lastJoined > standing.lastLeft) standing.outSince = 0;
}

function noteLeft(standing: Standing, seq: number, index: number): void {
  standing.lastLeft = Math.max(standing.lastLeft, seq);
  if (standing.lastLeft > standing.lastJoined && standing.outSince === 0) standing.outSince = index;
}

function judge({ ledger, standings, creating }: State) {
  const violations = createViolations();
  let judged = 0;
  for (const [conversation, users] of standings) {
    const { members } = ledger.conversations.get(conversation) ?? { members: new Map() };
    const membersKnown = [...members.values()].some(({ joined }) => joined.first !== null);
    for (const [user, standing] of users) {
      if (standing.received.first === null || !membersKnown) continue;
      judged += 1;
      const member = members.get(user);
      const mayHaveCreated = standing.lastJoined === 0 && (creating.get(user) ?? 0) > 0;
      const allKnown = standing.openInvites <= 0 && !mayHaveCreated;
      const stays = new SeqSet(member ? entitledRanges(member) : []);
      const outside = allKnown ? standing.received.minus(stays) : new SeqSet();
      for (const seq of new Set([...standing.leaked, ...outside])) {
        const what = () =>
          `user ${user} received the message at ${seq} of conversation ${conversation} without being a member`;
        violations.report(what, { conversation, seqs: [seq], actors: [user] });
      }
    }
  }
  return verdictOf({
    check: 'members-only',
    violations,
    judged,
    words: `${count('recipient', judged)} of conversations: ${count('message', violations.count)} to somebody who was no member`,
    nothing: 'nothing was delivered in a conversation whose members are known',
  });
}
