import type { EpochMs } from '../ports.ts';
import type { Seq } from '../protocol/ids.ts';
import type { Room } from './memory-room.ts';

/** Which messages of the memory store are to expire next. */
export function createMemoryExpiry() {
  /** For each room with messages, where the search for expired ones goes on. */
  const oldest = new Map<Room, Seq>();

  return {
    /** A message was written here. */
    written(room: Room, seq: Seq): void {
      if (!oldest.has(room)) oldest.set(room, seq);
    },
    /** Empties at most `limit` messages from before `before`; answers how many. */
    expire(before: EpochMs, limit: number): number {
      let deleted = 0;
      for (const [room, from] of oldest) {
        let seq = from as number;
        for (; seq <= room.entries.length && deleted < limit; seq++) {
          const entry = room.entries[seq - 1];
          if (entry?.type !== 'message') continue;
          if (entry.at >= before) break;
          room.entries[seq - 1] = null;
          deleted++;
        }
        oldest.set(room, seq as Seq);
      }
      return deleted;
    },
  };
}
