import type { Absences } from './trace.ts';

/** Who leaves (1) or comes back (0) when, ascending; milliseconds from the start of sending. */
export interface AbsenceEvents {
  readonly atMs: Float64Array;
  readonly user: Uint32Array;
  readonly leaves: Uint8Array;
}

/** The comings and goings of some users as one list. */
export function absenceEvents({ from, leaveAtMs, offlineMs }: Absences, users: Uint32Array): AbsenceEvents {
  const events: { atMs: number; user: number; leaves: number }[] = [];
  for (const user of users) {
    for (let i = from[user]!; i < from[user + 1]!; i++) {
      const atMs = leaveAtMs[i]!;
      events.push({ atMs, user, leaves: 1 }, { atMs: atMs + offlineMs, user, leaves: 0 });
    }
  }
  events.sort((a, b) => a.atMs - b.atMs);
  return {
    atMs: Float64Array.from(events, (event) => event.atMs),
    user: Uint32Array.from(events, (event) => event.user),
    leaves: Uint8Array.from(events, (event) => event.leaves),
  };
}
