/** Correct histories in which users also watch each other: an hour long, so that pictures of others have settled. */
import type fc from 'fast-check';
import type { HistoryEvent } from '../../../src/metrics/index.ts';
import { event } from './histories.ts';
import { correctHistory } from './random-history.ts';

export const watchingHistory: fc.Arbitrary<readonly HistoryEvent[]> = correctHistory.map(watched);

// ---

/** Everybody asks for all whom they ever share a conversation with, and is told of each change while they are there. */
function watched(events: readonly HistoryEvent[]): HistoryEvent[] {
  const companions = companionsIn(events);
  const online = new Set<number>();
  let ended = false;
  const told = (actor: number, peer: number) =>
    event('app', 'presence', { actor, peer, detail: online.has(peer) ? 'online' : 'offline' });
  const follow = (one: HistoryEvent): HistoryEvent[] => {
    ended ||= one.op === 'phase' && one.detail === 'end';
    const came = one.op === 'connect' && one.kind === 'ok';
    if (ended || !(came || one.op === 'disconnect')) return [];
    if (came) online.add(one.actor);
    else online.delete(one.actor);
    const own = companions.get(one.actor) ?? new Set();
    const heard = [...own].filter((peer) => online.has(peer)).map((peer) => told(peer, one.actor));
    return came ? [...heard, ...Array.from(own, (peer) => told(one.actor, peer))] : heard;
  };
  const asked = [...companions].flatMap(([actor, peers]) =>
    Array.from(peers, (peer) => event('invoke', 'watch', { actor, peer })),
  );
  return [...asked, ...events.flatMap((one) => [one, ...follow(one)])].map((one, i) => ({ ...one, t: i * 60_000 }));
}

function companionsIn(events: readonly HistoryEvent[]): Map<number, Set<number>> {
  const rooms = new Map<number, Set<number>>();
  for (const { op, peer, conversation } of events) {
    if (op === 'created' || op === 'added') rooms.set(conversation, (rooms.get(conversation) ?? new Set()).add(peer));
  }
  const companions = new Map<number, Set<number>>();
  for (const members of rooms.values()) {
    for (const one of members) {
      const own = companions.get(one) ?? new Set();
      for (const other of members) if (other !== one) own.add(other);
      companions.set(one, own);
    }
  }
  return companions;
}
