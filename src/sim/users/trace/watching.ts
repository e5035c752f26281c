/** Who watches the presence of whom, and which changes they are to see. */
import { type Random, serverDefaults } from '../../../system/index.ts';
import type { Scenario } from '../../scenario.ts';
import type { Absences } from './absences.ts';
import type { Belonging, Conversations } from './topology.ts';

/**
 * User `u` watches `watched[i]` for `i` from `from[u]` to before `from[u + 1]`; those with `strange[i]` share no
 * conversation with them. Of user `u` there are changes at `changeAtMs[c]` for `c` from `changeFrom[u]` to before
 * `changeFrom[u + 1]`, milliseconds from the start of sending, ascending: gone, back, gone, back …
 */
export interface Watching {
  readonly from: Uint32Array;
  readonly watched: Uint32Array;
  readonly strange: Uint8Array;
  readonly changeFrom: Uint32Array;
  readonly changeAtMs: Float64Array;
}

/** Users are gone when a server's grace period is over; who comes back before was never gone. */
export function buildWatching(
  scenario: Scenario,
  ground: { readonly conversations: Conversations; readonly belonging: Belonging; readonly absences: Absences },
  random: Random,
): Watching {
  const { users, watch } = scenario;
  const lists = Array.from({ length: users }, (_, user) =>
    watch ? drawWatched(user, { watch, users, ...ground }, random) : [],
  );
  const graceMs = Number(scenario.cluster.server.presenceGraceMs ?? serverDefaults.presenceGraceMs);
  const changes = Array.from({ length: users }, (_, user) => (watch ? changesOf(ground.absences, user, graceMs) : []));
  return {
    from: startsOf(lists),
    watched: Uint32Array.from(lists.flat(), ({ user }) => user),
    strange: Uint8Array.from(lists.flat(), ({ strange }) => (strange ? 1 : 0)),
    changeFrom: startsOf(changes),
    changeAtMs: Float64Array.from(changes.flat()),
  };
}

// ---

interface Watched {
  readonly user: number;
  readonly strange: boolean;
}

interface Ground {
  readonly watch: NonNullable<Scenario['watch']>;
  readonly users: number;
  readonly conversations: Conversations;
  readonly belonging: Belonging;
}

/** Draws of somebody with whom the user shares nothing; where nearly everybody does, fewer strangers are asked for. */
const drawsMax = 64;

function drawWatched(user: number, { watch, users, conversations, belonging }: Ground, trace: Random): Watched[] {
  const random = trace.fork(`user:${user}`);
  const known = acquaintancesOf(user, conversations, belonging);
  const rest = [...known];
  const drawn: Watched[] = [];
  while (drawn.length < watch.each && rest.length > 0) {
    const [one] = rest.splice(Math.floor(random.next() * rest.length), 1);
    drawn.push({ user: one!, strange: false });
  }
  const strangers = new Set<number>();
  for (let draw = 0; draw < drawsMax && strangers.size < watch.strangers; draw++) {
    const one = Math.floor(random.next() * users);
    if (one !== user && !known.has(one)) strangers.add(one);
  }
  return [...drawn, ...Array.from(strangers, (one) => ({ user: one, strange: true }))];
}

function acquaintancesOf(user: number, { members, memberFrom }: Conversations, belonging: Belonging): Set<number> {
  const known = new Set<number>();
  for (let i = belonging.from[user]!; i < belonging.from[user + 1]!; i++) {
    const conversation = belonging.conversations[i]!;
    for (const other of members.subarray(memberFrom[conversation], memberFrom[conversation + 1])) known.add(other);
  }
  known.delete(user);
  return known;
}

function changesOf({ from, leaveAtMs, returnAtMs }: Absences, user: number, graceMs: number): number[] {
  const changes: number[] = [];
  for (let i = from[user]!; i < from[user + 1]!; i++) {
    const goneMs = leaveAtMs[i]! + graceMs;
    if (goneMs < returnAtMs[i]!) changes.push(goneMs, returnAtMs[i]!);
  }
  return changes;
}

function startsOf(lists: readonly (readonly unknown[])[]): Uint32Array {
  const starts = new Uint32Array(lists.length + 1);
  lists.forEach((list, index) => {
    starts[index + 1] = starts[index]! + list.length;
  });
  return starts;
}
