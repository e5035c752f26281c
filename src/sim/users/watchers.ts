/**
 * What the users of a crowd see of each other's presence, and how long it takes until they see a change. A change that is
 * overtaken by the next before a watcher is told of it has taken until then, so that the slowest are not left out. Only
 * watchers who are there all the while count: who comes back is told of everybody anyway.
 */
import type { HistorySink } from '../../metrics/index.ts';
import type { Clock, Ms, SessionHandlers, UserName } from '../../system/index.ts';
import type { UserClient } from './clients.ts';
import { userIndexOf, userNameOf } from './names.ts';
import type { SecondsRecorder } from './seconds.ts';
import { isThere } from './trace/absences.ts';
import type { Trace } from './trace/trace.ts';

export interface Watchers {
  /** What this user's session is to tell besides. */
  handlersOf(user: number): Pick<SessionHandlers, 'presence' | 'typing'>;
  /** Everybody begins to watch. */
  begin(): void;
  /** From this moment of the run on the changes of the trace happen. */
  sending(fromMs: Ms): void;
  /** Those who share a conversation and watch, but have not been told that the other is online. */
  readonly unseen: number;
  /** At the end: what was not told will never be. */
  finish(): void;
}

export interface WatchersOrder {
  readonly trace: Trace;
  /** The users of this crowd. */
  readonly users: Uint32Array;
  readonly tag: string;
  readonly clock: Clock;
  readonly runStartMs: Ms;
  readonly sessionOf: (user: number) => UserClient | null;
  readonly seconds: SecondsRecorder;
  readonly history: HistorySink;
}

export function createWatchers(order: WatchersOrder): Watchers {
  const { trace, users, tag, clock, runStartMs, seconds, history } = order;
  const { from, watched, strange, changeFrom, changeAtMs } = trace.watching;
  /** By place in `watched`: who is seen online (1), and the next change that is to be seen. */
  const online = new Uint8Array(watched.length);
  const next = Uint32Array.from(watched, (user) => changeFrom[user]!);
  let sendingFromMs = Number.POSITIVE_INFINITY;
  let unseen = 0;
  for (const user of users) for (const _ of friendsOf(user)) unseen++;

  return {
    handlersOf,
    begin() {
      for (const user of users) watch(user);
    },
    sending(fromMs) {
      sendingFromMs = fromMs;
      for (const user of users) for (const atMs of changesOf(user)) seconds.extra('presence.changes', fromMs + atMs);
    },
    get unseen() {
      return unseen;
    },
    finish() {
      const nowMs = now();
      for (const user of users) for (const place of friendsOf(user)) give(user, place, nowMs);
    },
  };

  function handlersOf(user: number): Pick<SessionHandlers, 'presence' | 'typing'> {
    const presence: SessionHandlers['presence'] = (told) => {
      const nowMs = now();
      const peer = userIndexOf(tag, told.user);
      seconds.extra('presence.told', nowMs);
      note(user, { kind: 'app', op: 'presence', peer, detail: told.online ? 'online' : 'offline' });
      const place = placeOf(user, peer);
      if (place !== -1 && strange[place] === 0) see(user, { place, isOnline: told.online, nowMs });
    };
    const typing: SessionHandlers['typing'] = ({ active }) => {
      if (active) seconds.extra('typing.told', now());
    };
    return { ...(watched.length > 0 ? { presence } : {}), ...(trace.typingMs > 0 ? { typing } : {}) };
  }

  function watch(user: number): void {
    const peers = Array.from(placesOf(user), (place) => watched[place]!);
    if (peers.length === 0) return;
    for (const peer of peers) note(user, { kind: 'invoke', op: 'watch', peer, detail: '' });
    order.sessionOf(user)?.watch(peers.map((peer) => userNameOf(tag, peer) as UserName));
  }

  function see(user: number, { place, isOnline, nowMs }: { place: number; isOnline: boolean; nowMs: Ms }): void {
    unseen += online[place]! - (isOnline ? 1 : 0);
    online[place] = isOnline ? 1 : 0;
    const first = changeFrom[watched[place]!]!;
    const last = lastChange(place, nowMs);
    // What is told is true since the last change, or was so until it: then that one is still to be seen.
    const seen = last < first || isBack(last - first) === isOnline ? last : last - 1;
    for (; next[place]! <= seen; next[place]!++) {
      const isOvertaken = next[place]! < seen;
      measure(user, { change: next[place]!, untilMs: isOvertaken ? momentOf(next[place]! + 1) : nowMs, isOvertaken });
    }
  }

  /** Nothing more will be told. */
  function give(user: number, place: number, nowMs: Ms): void {
    const last = lastChange(place, nowMs);
    for (; next[place]! <= last; next[place]!++) {
      const untilMs = next[place]! < last ? momentOf(next[place]! + 1) : nowMs;
      measure(user, { change: next[place]!, untilMs, isOvertaken: true });
    }
  }

  function measure(user: number, seen: { change: number; untilMs: Ms; isOvertaken: boolean }): void {
    const intendedMs = momentOf(seen.change);
    if (!isThere(trace.absences, user, { fromMs: changeAtMs[seen.change]!, toMs: seen.untilMs - sendingFromMs }))
      return;
    const server = order.sessionOf(user)?.server ?? '';
    seconds.record({ operation: 'presence', intendedMs, latencyMs: seen.untilMs - intendedMs, server });
    seconds.extra('presence.unseen', intendedMs, seen.isOvertaken ? 1 : 0);
  }

  /** The last change that has happened to the one watched there; one before their first when none has. */
  function lastChange(place: number, nowMs: Ms): number {
    const peer = watched[place]!;
    let last = Math.max(next[place]!, changeFrom[peer]!) - 1;
    while (last + 1 < changeFrom[peer + 1]! && momentOf(last + 1) <= nowMs) last++;
    return last;
  }

  function momentOf(change: number): Ms {
    return sendingFromMs + changeAtMs[change]!;
  }

  function changesOf(user: number): Float64Array {
    return changeAtMs.subarray(changeFrom[user], changeFrom[user + 1]);
  }

  function* placesOf(user: number): Generator<number> {
    for (let place = from[user]!; place < from[user + 1]!; place++) yield place;
  }

  /** Places of those whom the user is to be told of. */
  function friendsOf(user: number): Iterable<number> {
    return placesOf(user).filter((place) => strange[place] === 0);
  }

  function placeOf(user: number, peer: number): number {
    for (const place of placesOf(user)) if (watched[place] === peer) return place;
    return -1;
  }

  function note(actor: number, what: Pick<Parameters<HistorySink['add']>[0], 'kind' | 'op' | 'peer' | 'detail'>): void {
    history.add({ t: now(), actor, session: 0, conversation: 0, seq: 0, clientId: 0, ...what });
  }

  function now(): Ms {
    return clock.now() - runStartMs;
  }
}

// ---

/** Of a user's changes in their order: gone, back, gone, back … */
function isBack(number: number): boolean {
  return number % 2 === 1;
}
