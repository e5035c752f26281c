/** Who is away when: by coming and going all the time (`churn`), all together once (`away`), or in waves. */
import type { Random } from '../../../system/index.ts';
import type { Scenario } from '../../scenario.ts';
import { exponential } from './pace.ts';

/**
 * User `u` leaves at `leaveAtMs[i]` and comes back at `returnAtMs[i]`, for `i` from `from[u]` to before `from[u + 1]`:
 * milliseconds from the start of sending, ascending, no two stretches of a user touching.
 */
export interface Absences {
  readonly from: Uint32Array;
  readonly leaveAtMs: Float64Array;
  readonly returnAtMs: Float64Array;
}

/** Who leaves (1) or comes back (0) when, ascending; milliseconds from the start of sending. */
export interface AbsenceEvents {
  readonly atMs: Float64Array;
  readonly user: Uint32Array;
  readonly leaves: Uint8Array;
}

export function buildAbsences(scenario: Scenario, sendingMs: number, random: Random): Absences {
  const { users } = scenario;
  const from = new Uint32Array(users + 1);
  const all: Stretch[] = [];
  for (let user = 0; user < users; user++) {
    const away = [...comings(scenario, sendingMs, random.fork(`churn:${user}`))];
    away.push(...together(scenario, random.fork(`away:${user}`)));
    away.push(...inWaves(scenario, sendingMs, random.fork(`waves:${user}`)));
    all.push(...joined(away));
    from[user + 1] = all.length;
  }
  return {
    from,
    leaveAtMs: Float64Array.from(all, ({ fromMs }) => fromMs),
    returnAtMs: Float64Array.from(all, ({ toMs }) => toMs),
  };
}

export function isAway({ from, leaveAtMs, returnAtMs }: Absences, user: number, atMs: number): boolean {
  for (let i = from[user]!; i < from[user + 1]! && leaveAtMs[i]! <= atMs; i++) {
    if (atMs < returnAtMs[i]!) return true;
  }
  return false;
}

/** Whether the user is not away at any moment from one to another, both included. */
export function isThere(
  { from, leaveAtMs, returnAtMs }: Absences,
  user: number,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): boolean {
  for (let i = from[user]!; i < from[user + 1]! && leaveAtMs[i]! <= toMs; i++) {
    if (returnAtMs[i]! >= fromMs) return false;
  }
  return true;
}

/** The comings and goings of some users as one list. */
export function absenceEvents({ from, leaveAtMs, returnAtMs }: Absences, users: Uint32Array): AbsenceEvents {
  const events: { atMs: number; user: number; leaves: number }[] = [];
  for (const user of users) {
    for (let i = from[user]!; i < from[user + 1]!; i++) {
      events.push({ atMs: leaveAtMs[i]!, user, leaves: 1 }, { atMs: returnAtMs[i]!, user, leaves: 0 });
    }
  }
  events.sort((a, b) => a.atMs - b.atMs);
  return {
    atMs: Float64Array.from(events, (event) => event.atMs),
    user: Uint32Array.from(events, (event) => event.user),
    leaves: Uint8Array.from(events, (event) => event.leaves),
  };
}

// ---

interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

function* comings({ churn }: Scenario, sendingMs: number, random: Random): Generator<Stretch> {
  if (!churn) return;
  const stayMs = () => churn.stayMeanMs * exponential(random);
  for (let fromMs = stayMs(); fromMs < sendingMs; fromMs += churn.offlineMs + stayMs()) {
    yield { fromMs, toMs: fromMs + churn.offlineMs };
  }
}

function together({ away }: Scenario, random: Random): Stretch[] {
  if (!away || random.next() >= away.share) return [];
  return [{ fromMs: away.fromMs, toMs: away.fromMs + away.forMs }];
}

function* inWaves({ waves }: Scenario, sendingMs: number, random: Random): Generator<Stretch> {
  if (!waves) return;
  for (let fromMs = waves.everyMs; fromMs + waves.offlineMs < sendingMs; fromMs += waves.everyMs) {
    if (random.next() < waves.share) yield { fromMs, toMs: fromMs + waves.offlineMs };
  }
}

function joined(stretches: readonly Stretch[]): Stretch[] {
  const apart: Stretch[] = [];
  for (const one of stretches.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = apart.at(-1);
    if (last === undefined || last.toMs < one.fromMs) apart.push(one);
    else apart.splice(-1, 1, { fromMs: last.fromMs, toMs: Math.max(last.toMs, one.toMs) });
  }
  return apart;
}
