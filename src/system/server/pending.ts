/** Entries of a room that came before their turn. */
import type { Room } from './rooms.ts';
import type { Parcel } from './write-frame.ts';

/** Entries of one room that wait for their turn, and their size; those beyond are read from the store. */
const pendingMax = 256;
const pendingCharsMax = 256 * 1024;

/** Keeps the entry until its turn, if there is room; if not, it will be read from the store. */
export function keep(room: Room, parcel: Parcel): void {
  room.pending ??= new Map();
  const full = room.pending.size >= pendingMax || room.pendingChars + parcel.text.length > pendingCharsMax;
  if (full || room.pending.has(parcel.seq)) return;
  room.pending.set(parcel.seq, parcel);
  room.pendingChars += parcel.text.length;
}

/** Forgets those that the room has passed. */
export function dropPassed(room: Room): void {
  for (const [seq, parcel] of room.pending ?? []) {
    if (seq > room.at) continue;
    room.pending!.delete(seq);
    room.pendingChars -= parcel.text.length;
  }
  if (room.pending?.size === 0) room.pending = null;
}
