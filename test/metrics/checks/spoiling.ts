/** Finding and changing the right events of a history that is to be spoilt. */
import type { HistoryEvent } from '../../../src/metrics/index.ts';

export function choose<T>(all: readonly T[], pick: number): T | null {
  return all[pick % Math.max(1, all.length)] ?? null;
}

export function acceptances(events: readonly HistoryEvent[]): HistoryEvent[] {
  return events.filter(({ kind, op }) => kind === 'ok' && op === 'send');
}

export function shown(events: readonly HistoryEvent[]): HistoryEvent[] {
  return events.filter(({ kind, op }) => kind === 'app' && op === 'send');
}

export function samePlace(a: HistoryEvent, b: HistoryEvent): boolean {
  return a.conversation === b.conversation && a.seq === b.seq;
}

export function isAccepted(events: readonly HistoryEvent[], one: HistoryEvent): boolean {
  return acceptances(events).some((ok) => samePlace(ok, one));
}

export function isDeliveryOf(one: HistoryEvent, delivery: HistoryEvent): boolean {
  return (one.kind === 'wire' || one.kind === 'app') && one.actor === delivery.actor && samePlace(one, delivery);
}

export function lastSeq(events: readonly HistoryEvent[], conversation: number): number {
  return Math.max(...events.map((one) => (one.conversation === conversation ? one.seq : 0)));
}

export function presentAtEnd(events: readonly HistoryEvent[]): Set<number> {
  const there = new Set<number>();
  for (const { kind, op, actor, detail } of events) {
    if (op === 'phase' && detail === 'end') return there;
    if (op === 'connect' && kind === 'ok') there.add(actor);
    if (op === 'disconnect') there.delete(actor);
  }
  return there;
}

export function without(events: readonly HistoryEvent[], gone: HistoryEvent): HistoryEvent[] {
  return events.filter((one) => one !== gone);
}

export function insertAfter(
  events: readonly HistoryEvent[],
  after: HistoryEvent,
  more: readonly HistoryEvent[],
): HistoryEvent[] {
  const index = events.indexOf(after) + 1;
  return [...events.slice(0, index), ...more, ...events.slice(index)];
}

/** A user who is a member to the end is shown one more message, at the next place of the conversation. */
export function withNext(
  events: readonly HistoryEvent[],
  pick: number,
  change: (model: HistoryEvent) => HistoryEvent,
): HistoryEvent[] | null {
  const there = presentAtEnd(events);
  const staying = shown(events).filter((one) => there.has(one.actor) && sameStay(events, one));
  const model = choose(staying, pick);
  if (!model) return null;
  const next = { ...change(model), seq: lastSeq(events, model.conversation) + 1 };
  if (next.peer === model.actor) return null;
  const last = events.filter((one) => one.conversation === model.conversation).at(-1)!;
  return insertAfter(events, last, [{ ...next, kind: 'wire' }, next]);
}

/** Exchanges what stands at the places of two messages, in those events that `where` names. */
export function swapMessages(
  events: readonly HistoryEvent[],
  a: HistoryEvent,
  b: HistoryEvent,
  where: (one: HistoryEvent) => boolean,
): HistoryEvent[] {
  const nameOf = (one: HistoryEvent) => ({ clientId: one.clientId, author: one.kind === 'ok' ? one.actor : one.peer });
  const become = (one: HistoryEvent, other: HistoryEvent): HistoryEvent => {
    const { clientId, author } = nameOf(other);
    return one.kind === 'ok' ? { ...one, clientId } : { ...one, clientId, peer: author };
  };
  const tellsOf = (one: HistoryEvent, message: HistoryEvent) =>
    samePlace(one, message) && (one.op === 'send' || one.op === 'stored') && one.kind !== 'info' && where(one);
  return events.map((one) => (tellsOf(one, a) ? become(one, b) : tellsOf(one, b) ? become(one, a) : one));
}

/** Two messages shown to one user in one conversation with nothing of it in between, both within one session. */
export function neighbours(events: readonly HistoryEvent[]): (readonly [HistoryEvent, HistoryEvent])[] {
  return shown(events).flatMap((a, i, all) => {
    const b = all.slice(i + 1).find((one) => one.actor === a.actor && one.conversation === a.conversation);
    return b && b.session === a.session && b.seq > a.seq ? [[a, b] as const] : [];
  });
}

/** Messages shown while catching up that had been accepted, to a conversation known to be theirs, before the user dialled. */
export function backlog(events: readonly HistoryEvent[]): HistoryEvent[] {
  return shown(events).filter((one) => {
    const dialled = events.findLast(
      (o) => o.actor === one.actor && o.op === 'connect' && o.kind === 'invoke' && o.t < one.t,
    );
    const caughtUp = events.find((o) => o.actor === one.actor && o.op === 'caughtUp' && o.session === one.session);
    const before = events.filter(({ t }) => t < dialled!.t);
    const isTheirs = ({ kind, op, conversation, actor, peer }: HistoryEvent) =>
      conversation === one.conversation &&
      ((actor === one.actor && kind !== 'invoke') ||
        (peer === one.actor && (kind === 'ok' || op === 'created' || op === 'added')));
    return isAccepted(before, one) && before.some(isTheirs) && caughtUp !== undefined && caughtUp.t > one.t;
  });
}

export interface Departure {
  readonly conversation: number;
  readonly seq: number;
  readonly user: number;
}

/** As told to whoever asked for it, or as seen by anybody. */
export function departures(events: readonly HistoryEvent[]): Departure[] {
  return events.flatMap(({ kind, op, conversation, seq, actor, peer }) => {
    if (op === 'removed' || op === 'left' || (kind === 'ok' && op === 'remove'))
      return [{ conversation, seq, user: peer }];
    return kind === 'ok' && op === 'leave' ? [{ conversation, seq, user: actor }] : [];
  });
}

/** The user was invited again, or somebody who tried was not answered: the benefit of the doubt is theirs. */
export function mayHaveReturned(events: readonly HistoryEvent[], { conversation, user, seq }: Departure): boolean {
  const invites = events.filter((one) => one.op === 'invite' && one.conversation === conversation && one.peer === user);
  return invites.some((one) => one.kind === 'ok' && one.seq > seq) || someUnanswered(invites);
}

/** The user had not been in the conversation before this invitation, and is known not to have been. */
export function isFirstStay(events: readonly HistoryEvent[], came: HistoryEvent): boolean {
  const ofThis = events.filter(({ conversation }) => conversation === came.conversation);
  const invites = ofThis.filter(({ op, peer }) => op === 'invite' && peer === came.peer);
  const created = ofThis.some(({ kind, op, actor }) => kind === 'ok' && op === 'createGroup' && actor === came.peer);
  const first = invites.find(({ kind }) => kind === 'ok');
  return first === came && !created && !someUnanswered(invites);
}

function someUnanswered(asked: readonly HistoryEvent[]): boolean {
  const answered = asked.filter(({ kind }) => kind === 'ok' || kind === 'fail').length;
  return asked.filter(({ kind }) => kind === 'invoke').length > answered;
}

/** Whether the user neither came nor went around this place. */
export function sameStay(events: readonly HistoryEvent[], one: HistoryEvent): boolean {
  return !departures(events).some((gone) => gone.user === one.actor && gone.conversation === one.conversation);
}
