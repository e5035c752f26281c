import type { Entry } from '../protocol/frames.ts';
import type { Seq } from '../protocol/ids.ts';
import type { Ground } from './ground.ts';
import { logFailure, pause } from './ground.ts';
import type { Room, Rooms } from './rooms.ts';
import { entryParcel } from './write-frame.ts';

/** Closes the gaps of rooms: waits a little for a late hint, then reads once for all who are in the room. */
export interface Gaps {
  note(room: Room, now: boolean): void;
}

/** `rooms` is asked for late: rooms and gaps know each other. */
export function createGaps(ground: Ground, rooms: () => Rooms): Gaps {
  const { clock, settings } = ground;
  /** Rooms with a gap, and the position at which each was noted. */
  const waiting = new Map<Room, Seq>();
  let armed = false;

  return { note };

  function note(room: Room, now: boolean): void {
    if (room.filling) return;
    if (now) return void fill(room);
    if (!waiting.has(room)) waiting.set(room, room.at);
    arm();
  }

  function arm(): void {
    if (armed) return;
    armed = true;
    clock.after(settings.gapWaitMs, due);
  }

  function due(): void {
    armed = false;
    const rooms = [...waiting];
    waiting.clear();
    for (const [room, notedAt] of rooms) {
      if (room.feeds === 0 || room.head <= room.at || room.filling) continue;
      if (room.at === notedAt) fill(room);
      else waiting.set(room, room.at);
    }
    if (waiting.size > 0) arm();
  }

  async function fill(room: Room): Promise<void> {
    room.filling = true;
    while (room.feeds > 0 && room.head > room.at) {
      try {
        await step(room);
      } catch (error) {
        logFailure(ground, 'A gap could not be read; it is tried again.', error);
        await pause(clock, settings.retryMs);
      }
    }
    room.filling = false;
  }

  async function step(room: Room): Promise<void> {
    const after = room.at;
    const reader = room.live.find((feed) => feed.sent === after);
    if (reader === undefined) return rooms().scatter(room);
    const upTo = Math.min(firstPending(room) - 1, room.head, after + settings.backlogPage) as Seq;
    const range = { conversation: room.id, user: reader.session.who!.user, after, upTo, limit: settings.backlogPage };
    const entries = await ground.reads.run(() => ground.store.read(range));
    // A hole may be what the reader alone is not to see, so nothing is concluded from it for the others.
    if (!isWhole(entries, after, upTo)) {
      if (room.at < upTo) rooms().scatter(room);
      return;
    }
    for (const entry of entries) if (entry.seq === room.at + 1) rooms().push(room, entryParcel(entry));
    rooms().advance(room);
  }
}

// ---

function firstPending(room: Room): number {
  return Math.min(...(room.pending?.keys() ?? []));
}

function isWhole(entries: readonly Entry[], after: Seq, upTo: Seq): boolean {
  return entries.length === upTo - after && entries.every((entry, i) => entry.seq === after + 1 + i);
}
