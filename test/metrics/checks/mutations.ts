/** Ways to spoil a correct history, each breaking one promise. Null where the history has no place for it. */
import type fc from 'fast-check';
import type { CheckName, HistoryEvent } from '../../../src/metrics/index.ts';
import { encryptedHistory } from './encrypted-history.ts';
import { expiringHistory } from './random-history.ts';
import { sharingHistory } from './sharing-history.ts';
import {
  acceptances,
  backlog,
  choose,
  departures,
  insertAfter,
  isAccepted,
  isDeliveryOf,
  isFirstStay,
  lastSeq,
  mayHaveReturned,
  neighbours,
  presentAtEnd,
  samePlace,
  sameStay,
  shown,
  swapMessages,
  withNext,
  without,
} from './spoiling.ts';
import { watchingHistory } from './watching-history.ts';

export interface Mutation {
  readonly what: string;
  /** Checks that must fail. */
  readonly kills: readonly CheckName[];
  /** Checks that may fail too, for the same wrong shows from another side; no other may. */
  readonly mayKill: readonly CheckName[];
  /** Of which histories; by default those in which nothing expires. */
  readonly of?: fc.Arbitrary<readonly HistoryEvent[]>;
  readonly spoil: (events: readonly HistoryEvent[], pick: number) => readonly HistoryEvent[] | null;
}

export const mutations: readonly Mutation[] = [
  {
    what: 'a message accepted for all never reaches one member',
    kills: ['no-accepted-lost'],
    mayKill: ['gap-free', 'backlog-exact'],
    spoil: (events, pick) => {
      const there = presentAtEnd(events);
      const lost = choose(
        shown(events).filter((one) => there.has(one.actor) && isAccepted(events, one)),
        pick,
      );
      return lost && events.filter((one) => !isDeliveryOf(one, lost));
    },
  },
  {
    what: 'the last message of a conversation never reaches one member',
    kills: ['no-accepted-lost'],
    mayKill: ['backlog-exact'],
    spoil: (events, pick) => {
      const there = presentAtEnd(events);
      const isLast = (one: HistoryEvent) => !events.some((o) => o.conversation === one.conversation && o.seq > one.seq);
      const lost = choose(
        shown(events).filter((one) => there.has(one.actor) && isLast(one) && isAccepted(events, one)),
        pick,
      );
      return lost && events.filter((one) => !isDeliveryOf(one, lost));
    },
  },
  {
    what: 'an entry is skipped though later ones are shown',
    kills: ['gap-free'],
    mayKill: ['no-accepted-lost', 'backlog-exact'],
    spoil: (events, pick) => {
      const own = (one: HistoryEvent) =>
        shown(events).filter((o) => o.actor === one.actor && o.conversation === one.conversation);
      const isInside = (one: HistoryEvent) => own(one).some((o) => o.seq > one.seq) && sameStay(events, one);
      const lost = choose(shown(events).filter(isInside), pick);
      return lost && events.filter((one) => !isDeliveryOf(one, lost));
    },
  },
  {
    what: 'a message that nobody sent is delivered',
    kills: ['no-ghost'],
    mayKill: [],
    spoil: (events, pick) => withNext(events, pick, (model) => ({ ...model, clientId: 9_999 })),
  },
  {
    what: 'a message that was refused is delivered',
    kills: ['no-ghost'],
    mayKill: ['sender-order'],
    spoil: (events, pick) => {
      const refused = choose(
        events.filter(({ kind, op }) => kind === 'fail' && op === 'send'),
        pick,
      );
      return (
        refused && withNext(events, pick, (model) => ({ ...model, clientId: refused.clientId, peer: refused.actor }))
      );
    },
  },
  {
    what: 'a message is shown twice at once',
    kills: ['exactly-once'],
    mayKill: ['backlog-exact'],
    spoil: (events, pick) => {
      const twice = choose(shown(events), pick);
      return twice && insertAfter(events, twice, [twice]);
    },
  },
  {
    what: 'a message is shown again on returning',
    kills: ['exactly-once', 'backlog-exact'],
    mayKill: ['same-order', 'sender-order'],
    spoil: (events, pick) => {
      const back = choose(
        events.filter(({ kind, op, session }) => kind === 'ok' && op === 'caughtUp' && session > 1),
        pick,
      );
      if (!back) return null;
      const before = events.slice(0, events.indexOf(back));
      const again = choose(
        shown(before).filter(({ actor }) => actor === back.actor),
        pick,
      );
      return again && insertAfter(events, before.at(-1)!, [again]);
    },
  },
  {
    what: 'a message that was sent again is shown at a second place',
    kills: ['exactly-once', 'idempotent-resend'],
    mayKill: [],
    spoil: (events, pick) => withNext(events, pick, (model) => model),
  },
  {
    what: 'a message that was sent again is accepted at a second place',
    kills: ['idempotent-resend'],
    mayKill: ['no-accepted-lost', 'backlog-exact', 'stored-agrees'],
    spoil: (events, pick) => {
      const ok = choose(acceptances(events), pick);
      return ok && insertAfter(events, ok, [{ ...ok, seq: lastSeq(events, ok.conversation) + 1 }]);
    },
  },
  {
    what: 'two messages of one author change places for everybody',
    kills: ['sender-order'],
    mayKill: ['members-only'],
    spoil: (events, pick) => {
      const pairs = acceptances(events).flatMap((a) =>
        acceptances(events)
          .filter((b) => b.actor === a.actor && b.conversation === a.conversation && a.seq < b.seq)
          .map((b) => [a, b] as const),
      );
      const pair = choose(pairs, pick);
      return pair && swapMessages(events, ...pair, () => true);
    },
  },
  {
    what: 'one member sees two messages in each other’s place',
    kills: ['same-order'],
    mayKill: ['sender-order', 'idempotent-resend', 'exactly-once'],
    spoil: (events, pick) => {
      const pair = choose(
        neighbours(events).filter(([a]) => isAccepted(events, a)),
        pick,
      );
      return pair && swapMessages(events, ...pair, (one) => one.actor === pair[0].actor && one.kind !== 'ok');
    },
  },
  {
    what: 'one member is shown two entries in the wrong order',
    kills: ['same-order'],
    mayKill: ['sender-order', 'backlog-exact', 'gap-free'],
    spoil: (events, pick) => {
      const pair = choose(neighbours(events), pick);
      return pair && insertAfter(without(events, pair[0]), pair[1], [pair[0]]);
    },
  },
  {
    what: 'one author’s later message is shown before the earlier',
    kills: ['same-order', 'sender-order'],
    mayKill: ['backlog-exact'],
    spoil: (events, pick) => {
      const pair = choose(
        neighbours(events).filter(([a, b]) => a.peer === b.peer),
        pick,
      );
      return pair && insertAfter(without(events, pair[0]), pair[1], [pair[0]]);
    },
  },
  {
    what: 'a part of the backlog is dropped',
    kills: ['backlog-exact'],
    mayKill: ['no-accepted-lost', 'gap-free'],
    spoil: (events, pick) => {
      const lost = choose(backlog(events), pick);
      return lost && events.filter((one) => !isDeliveryOf(one, lost));
    },
  },
  {
    what: 'a part of the backlog comes after the session said that it had caught up',
    kills: ['backlog-exact'],
    mayKill: ['same-order', 'sender-order'],
    spoil: (events, pick) => {
      const late = choose(backlog(events), pick);
      if (!late) return null;
      const caughtUp = events.find((one) => one.t > late.t && one.actor === late.actor && one.op === 'caughtUp')!;
      return insertAfter(without(events, late), caughtUp, [late]);
    },
  },
  {
    what: 'a message reaches somebody after they were removed',
    kills: ['members-only'],
    mayKill: [],
    spoil: (events, pick) => {
      const gone = choose(departures(events), pick);
      const isLater = (one: HistoryEvent) => one.conversation === gone?.conversation && one.seq > gone.seq;
      const isSentLater = (one: HistoryEvent) =>
        isLater(one) && one.actor !== gone?.user && !mayHaveReturned(events, gone!);
      const leaked = gone && choose(acceptances(events).filter(isSentLater), pick);
      return leaked && insertAfter(events, leaked, [{ ...leaked, kind: 'wire', actor: gone.user, peer: leaked.actor }]);
    },
  },
  {
    what: 'a message from before they joined reaches a new member',
    kills: ['members-only'],
    mayKill: [],
    spoil: (events, pick) => {
      const came = choose(
        events.filter(({ kind, op }) => kind === 'ok' && op === 'invite'),
        pick,
      );
      if (!came || !isFirstStay(events, came)) return null;
      const before = acceptances(events).filter((one) => one.conversation === came.conversation && one.seq < came.seq);
      const leaked = choose(
        before.filter(({ actor }) => actor !== came.peer),
        pick,
      );
      return leaked && insertAfter(events, came, [{ ...leaked, kind: 'wire', actor: came.peer, peer: leaked.actor }]);
    },
  },
  {
    what: 'an accepted message is not in the database',
    kills: ['stored-agrees'],
    mayKill: [],
    spoil: (events, pick) => {
      const stored = events.filter(({ op }) => op === 'stored');
      const lost =
        stored.length > 1 &&
        choose(
          stored.filter((one) => isAccepted(events, one)),
          pick,
        );
      return lost ? without(events, lost) : null;
    },
  },
  {
    what: 'a refused message is in the database',
    kills: ['stored-agrees'],
    mayKill: ['sender-order'],
    spoil: (events, pick) => {
      const stored = choose(
        events.filter(({ op }) => op === 'stored'),
        pick,
      );
      const refused = choose(
        events.filter(({ kind, op }) => kind === 'fail' && op === 'send'),
        pick,
      );
      if (!stored || !refused) return null;
      const { conversation } = refused;
      const place = {
        conversation,
        seq: lastSeq(events, conversation) + 1,
        clientId: refused.clientId,
        peer: refused.actor,
      };
      return insertAfter(events, stored, [{ ...stored, ...place }]);
    },
  },
  {
    what: 'the database holds another message than was accepted',
    kills: ['stored-agrees', 'same-order', 'idempotent-resend'],
    mayKill: ['sender-order'],
    spoil: (events, pick) => {
      const isStored = (one: HistoryEvent) => events.some((o) => o.op === 'stored' && samePlace(o, one));
      const pairs = acceptances(events).filter(isStored);
      const pair = choose(
        pairs.slice(1).map((b, i) => [pairs[i]!, b] as const),
        pick,
      );
      return pair && swapMessages(events, ...pair, ({ op }) => op === 'stored');
    },
  },
  {
    what: 'a message is said to have expired before its time',
    kills: ['expiry-exact'],
    mayKill: ['stored-agrees'],
    of: expiringHistory,
    spoil: (events, pick) => {
      const told = choose(expirations(events), pick);
      return told && isAccepted(events, told)
        ? events.map((one) => (isExpiryMark(one) ? { ...one, detail: '100000' } : one))
        : null;
    },
  },
  {
    what: 'messages expire in a run that does not say so',
    kills: ['expiry-exact'],
    mayKill: ['stored-agrees'],
    of: expiringHistory,
    spoil: (events) => (expirations(events).length === 0 ? null : events.filter((one) => !isExpiryMark(one))),
  },
  {
    what: 'what was written while a user was no member is said to have expired',
    kills: ['expiry-exact'],
    mayKill: [],
    of: expiringHistory,
    spoil: (events, pick) => {
      const gone = choose(departures(events), pick);
      const first = gone && events.find((one) => one.conversation === gone.conversation && one.seq === gone.seq);
      if (!first || mayHaveReturned(events, gone)) return null;
      const seq = lastSeq(events, gone.conversation) + 1;
      const told = { ...first, kind: 'app' as const, op: 'expired' as const, actor: gone.user, seq, clientId: seq };
      return insertAfter(events, events.at(-1)!, [told]);
    },
  },
  {
    what: 'a user is told of somebody for whom they did not ask',
    kills: ['presence-true'],
    mayKill: [],
    of: watchingHistory,
    spoil: (events, pick) => {
      const one = choose(tellings(events), pick);
      return one && insertAfter(events, one, [{ ...one, peer: stranger, detail: 'offline' }]);
    },
  },
  {
    what: 'a user is told of a stranger, for whom they asked',
    kills: ['presence-true'],
    mayKill: [],
    of: watchingHistory,
    spoil: (events, pick) => {
      const one = choose(tellings(events), pick);
      const asked = one && { ...one, kind: 'invoke' as const, op: 'watch' as const, peer: stranger, detail: '' };
      return one && asked && insertAfter(events, one, [asked, { ...one, peer: stranger, detail: 'offline' }]);
    },
  },
  {
    what: 'what a user wrote stands in the database in the clear',
    kills: ['no-plaintext'],
    mayKill: [],
    of: encryptedHistory,
    spoil: (events, pick) => {
      const stored = choose(
        events.filter(({ op }) => op === 'stored'),
        pick,
      );
      return stored && events.map((one) => (one === stored ? { ...one, detail: 'plaintext' } : one));
    },
  },
  {
    what: 'a member cannot read what was written',
    kills: ['decrypted-exactly'],
    mayKill: [],
    of: encryptedHistory,
    spoil: (events, pick) => {
      const one = choose(openings(events), pick);
      return one && events.map((each) => (each === one ? { ...one, kind: 'fail', detail: '' } : each));
    },
  },
  {
    what: 'a member reads something else than was written',
    kills: ['decrypted-exactly'],
    mayKill: [],
    of: encryptedHistory,
    spoil: (events, pick) => {
      const one = choose(openings(events), pick);
      return one && events.map((each) => (each === one ? { ...one, detail: 'text of somebody else' } : each));
    },
  },
  {
    what: 'somebody who is no member reads what was written',
    kills: ['decrypted-exactly'],
    mayKill: [],
    of: encryptedHistory,
    spoil: (events, pick) => {
      const one = choose(openings(events), pick);
      return one && insertAfter(events, one, [{ ...one, actor: stranger }]);
    },
  },
  {
    what: 'an image is read with other bytes than were sent',
    kills: ['images-exact'],
    mayKill: [],
    of: sharingHistory,
    spoil: (events, pick) => {
      const read = choose(readings(events), pick);
      return read && events.map((one) => (one === read ? { ...one, detail: 'digest of something else' } : one));
    },
  },
  {
    what: 'a member cannot read an image',
    kills: ['images-exact'],
    mayKill: [],
    of: sharingHistory,
    spoil: (events, pick) => {
      const stayed = ({ actor, conversation }: HistoryEvent) =>
        !departures(events).some((one) => one.user === actor && one.conversation === conversation);
      const read = choose(readings(events).filter(stayed), pick);
      return read && events.map((one) => (one === read ? { ...one, kind: 'fail', detail: 'unknownPath' } : one));
    },
  },
  {
    what: 'a stranger reads an image',
    kills: ['images-exact'],
    mayKill: [],
    of: sharingHistory,
    spoil: (events, pick) => {
      const read = choose(readings(events), pick);
      return read && insertAfter(events, read, [{ ...read, actor: stranger }]);
    },
  },
  {
    what: 'a message expires and nobody says so',
    kills: ['no-accepted-lost'],
    mayKill: ['gap-free', 'backlog-exact'],
    of: expiringHistory,
    spoil: (events, pick) => {
      const there = presentAtEnd(events);
      const untold = choose(
        expirations(events).filter((one) => there.has(one.actor) && isAccepted(events, one)),
        pick,
      );
      return untold && without(events, untold);
    },
  },
];

// ---

function isExpiryMark({ kind, op }: HistoryEvent): boolean {
  return kind === 'mark' && op === 'expired';
}

/** Shares a conversation with nobody. */
const stranger = 99;

function openings(events: readonly HistoryEvent[]): HistoryEvent[] {
  return events.filter(({ op }) => op === 'opened');
}

function readings(events: readonly HistoryEvent[]): HistoryEvent[] {
  return events.filter(({ kind, op }) => kind === 'ok' && op === 'download');
}

function tellings(events: readonly HistoryEvent[]): HistoryEvent[] {
  return events.filter(({ op }) => op === 'presence');
}

function expirations(events: readonly HistoryEvent[]): HistoryEvent[] {
  return events.filter(({ kind, op }) => kind === 'app' && op === 'expired');
}
