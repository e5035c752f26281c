/**
 * Who was owed what, by the conversation's own sequence: a member is entitled to everything from the entry that made
 * them one to the entry that ended it, both included. Grows with conversations × members and with the holes in what they
 * were shown, not with messages.
 */
import type { HistoryEvent } from '../history/event.ts';
import { type Range, SeqSet } from './seq-set.ts';

export interface Ledger {
  readonly conversations: ReadonlyMap<number, ConversationLedger>;
  add(event: HistoryEvent): void;
  /** Of one user, so far. */
  conversationsOf(
    user: number,
  ): Iterable<readonly [conversation: number, ledger: ConversationLedger, member: MemberLedger]>;
}

export interface ConversationLedger {
  /** Messages that their authors were told to be accepted. */
  readonly accepted: SeqSet;
  readonly members: Map<number, MemberLedger>;
}

export interface MemberLedger {
  /** What the application has: entries shown to it, and its own accepted ones. */
  readonly has: SeqSet;
  /** The last place of what was shown to it, its own left out; 0 if nothing was. */
  lastShown: number;
  /** It was told that these expired; whether that is true is for `expiry-exact`. */
  readonly expired: SeqSet;
  readonly joined: SeqSet;
  readonly left: SeqSet;
}

export function createLedger(): Ledger {
  const conversations = new Map<number, ConversationLedger>();
  const byUser = new Map<number, Set<number>>();

  function conversationOf(id: number): ConversationLedger {
    let ledger = conversations.get(id);
    if (!ledger) {
      ledger = { accepted: new SeqSet(), members: new Map() };
      conversations.set(id, ledger);
    }
    return ledger;
  }

  function memberOf(conversation: number, user: number): MemberLedger {
    const { members } = conversationOf(conversation);
    let member = members.get(user);
    if (!member) {
      member = { has: new SeqSet(), lastShown: 0, expired: new SeqSet(), joined: new SeqSet(), left: new SeqSet() };
      members.set(user, member);
      const own = byUser.get(user);
      if (own) own.add(conversation);
      else byUser.set(user, new Set([conversation]));
    }
    return member;
  }

  return {
    conversations,
    add(event) {
      const { kind, op, actor, conversation, seq } = event;
      if (aboutEntries.has(op)) return;
      if (seq <= 0 || conversation <= 0 || (kind !== 'ok' && kind !== 'app' && kind !== 'wire')) return;
      if (op === 'expired') {
        memberOf(conversation, actor).expired.addRange([seq, event.clientId]);
        return;
      }
      if (kind === 'ok' && op === 'send') conversationOf(conversation).accepted.add(seq);
      if (kind !== 'wire') noteHas(memberOf(conversation, actor), event);
      forEachJoining(event, (user) => memberOf(conversation, user).joined.add(seq));
      forEachLeaving(event, (user) => memberOf(conversation, user).left.add(seq));
    },
    *conversationsOf(user) {
      for (const id of byUser.get(user) ?? []) {
        const ledger = conversations.get(id)!;
        yield [id, ledger, ledger.members.get(user)!] as const;
      }
    },
  };
}

/** What a member was entitled to, as ranges; open ones end at `Infinity`. */
export function entitledRanges({ joined, left }: MemberLedger): Range[] {
  const ranges: Range[] = [];
  for (const from of joined) {
    if (ranges.length > 0 && from <= ranges.at(-1)![1]) continue;
    ranges.push([from, firstFrom(left, from + 1)]);
  }
  return ranges;
}

/** Of these places, those that the member was entitled to. */
export function entitled(places: SeqSet, member: MemberLedger): SeqSet {
  return places.and(new SeqSet(entitledRanges(member)));
}

/** Calls `visit` for each user whom a certain event (`ok`, `wire`, `app`) shows to have come at its place. */
export function forEachJoining(event: HistoryEvent, visit: (user: number) => void): void {
  if (event.kind === 'ok') {
    if (event.op === 'createGroup' || event.op === 'openDirect') visit(event.actor);
    if (bringers.has(event.op) && event.peer >= 0) visit(event.peer);
  } else if (event.op === 'created' || event.op === 'added') visit(event.peer);
}

/** The same for those who went. */
export function forEachLeaving(event: HistoryEvent, visit: (user: number) => void): void {
  if (event.kind === 'ok') {
    if (event.op === 'leave') visit(event.actor);
    if (event.op === 'remove' && event.peer >= 0) visit(event.peer);
  } else if (event.op === 'removed' || event.op === 'left' || event.op === 'ended') visit(event.peer);
}

// ---

/** They tell what a user made of an entry, not that there is one. */
const aboutEntries: ReadonlySet<string> = new Set(['opened', 'download']);

const bringers: ReadonlySet<string> = new Set(['openDirect', 'createGroup', 'invite']);

function noteHas(member: MemberLedger, { kind, seq }: HistoryEvent): void {
  member.has.add(seq);
  if (kind === 'app') member.lastShown = Math.max(member.lastShown, seq);
}

function firstFrom(set: SeqSet, from: number): number {
  for (const [start, end] of set.ranges) if (end >= from) return Math.max(start, from);
  return Number.POSITIVE_INFINITY;
}
