/**
 * Who comes to a group and leaves it when, by plan. The first member of a group, who opens it, stays and is its admin:
 * invites and removes; others leave by themselves. How it comes out in the run is the system's business: users go by what
 * they are told.
 */
import { limits, type Random } from '../../../system/index.ts';
import type { Scenario } from '../../scenario.ts';
import { poissonArrivals } from './pace.ts';
import type { Conversations } from './topology.ts';

/** What becomes of the user: `invite` and `remove` are done by the admin, `leave` by the user. */
export const changeKinds = ['invite', 'remove', 'leave'] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** Change `i` of the run: when (milliseconds from the start of sending, ascending), which, where, of whom. */
export interface Turnover {
  readonly count: number;
  readonly atMs: Float64Array;
  /** Index into `changeKinds`. */
  readonly kind: Uint8Array;
  readonly conversation: Uint32Array;
  readonly user: Uint32Array;
}

export function buildTurnover(scenario: Scenario, conversations: Conversations, random: Random): Turnover {
  const changes = scenario.turnover ? [...drawChanges(scenario, conversations, random)] : [];
  return {
    count: changes.length,
    atMs: Float64Array.from(changes, ({ atMs }) => atMs),
    kind: Uint8Array.from(changes, ({ kind }) => changeKinds.indexOf(kind)),
    conversation: Uint32Array.from(changes, ({ conversation }) => conversation),
    user: Uint32Array.from(changes, ({ user }) => user),
  };
}

/** Members as planned, for moments that only grow. */
export interface PlannedMembers {
  /** Those who may send then: who comes is given `newcomerMs` to hear of it. The same list until it changes. */
  at(conversation: number, atMs: number): readonly number[];
}

export function plannedMembers(conversations: Conversations, turnover: Turnover): PlannedMembers {
  const lists = membersByConversation(conversations);
  const steps = stepsOf(turnover);
  return {
    at(conversation, atMs) {
      const own = steps.get(conversation) ?? [];
      let members = lists[conversation]!;
      for (let next = own[0]; next && next.atMs <= atMs; next = own[0]) {
        own.shift();
        const others = members.filter((user) => user !== next!.user);
        members = next.comes ? [...others, next.user] : others;
      }
      lists[conversation] = members;
      return members;
    },
  };
}

// ---

interface Change {
  readonly atMs: number;
  readonly kind: ChangeKind;
  readonly conversation: number;
  readonly user: number;
}

/** How long a newcomer does not send yet. */
const newcomerMs = 1000;
/** How long a newcomer stays at least; longer than it takes to hear of having come. */
const stayMsMin = 2000;
/** Draws of somebody who is not in the group yet; in a group of nearly everybody the change is then left out. */
const drawsMax = 64;

interface Roll {
  /** Who may be sent away: all members but the admin. */
  readonly others: { readonly user: number; readonly sinceMs: number }[];
  readonly admin: number;
  readonly sizeMin: number;
  readonly sizeMax: number;
}

function* drawChanges(scenario: Scenario, conversations: Conversations, random: Random): Generator<Change> {
  const { users, turnover } = scenario;
  const { perSec, leaveShare } = turnover!;
  const rolls = membersByConversation(conversations).map((members) => rollOf(members, users));
  const sendingMs = scenario.warmupMs + scenario.measureMs;
  for (const atMs of poissonArrivals({ kind: 'constant', perSec }, sendingMs, random.fork('moments'))) {
    const conversation = Math.floor(random.next() * rolls.length);
    const roll = rolls[conversation]!;
    const goes = random.next() < 0.5;
    const byLeaving = random.next() < leaveShare;
    const user = goes ? drawLeaver(roll, atMs, random) : drawNewcomer(roll, { atMs, users, random });
    if (user !== null) yield { atMs, kind: goes ? (byLeaving ? 'leave' : 'remove') : 'invite', conversation, user };
  }
}

/** A group stays between half and twice its size. */
function rollOf([admin, ...others]: readonly number[], users: number): Roll {
  const size = others.length + 1;
  return {
    admin: admin!,
    others: others.map((user) => ({ user, sinceMs: Number.NEGATIVE_INFINITY })),
    sizeMin: Math.ceil(size / 2),
    sizeMax: Math.min(2 * size, users, limits.groupMembersMax),
  };
}

/** Null when nobody can go. */
function drawLeaver({ others, sizeMin }: Roll, atMs: number, random: Random): number | null {
  const able = others.filter(({ sinceMs }) => sinceMs + stayMsMin <= atMs);
  const one = able[Math.floor(random.next() * able.length)];
  if (one === undefined || others.length + 1 <= sizeMin) return null;
  others.splice(others.indexOf(one), 1);
  return one.user;
}

/** Null when the group is full, or nobody was found. */
function drawNewcomer(
  { admin, others, sizeMax }: Roll,
  { atMs, users, random }: { readonly atMs: number; readonly users: number; readonly random: Random },
): number | null {
  if (others.length + 1 >= sizeMax) return null;
  for (let draw = 0; draw < drawsMax; draw++) {
    const user = Math.floor(random.next() * users);
    if (user === admin || others.some((one) => one.user === user)) continue;
    others.push({ user, sinceMs: atMs });
    return user;
  }
  return null;
}

interface Step {
  readonly atMs: number;
  readonly user: number;
  readonly comes: boolean;
}

/** By conversation, ascending. */
function stepsOf({ count, atMs, kind, conversation, user }: Turnover): Map<number, Step[]> {
  const steps = Array.from({ length: count }, (_, i) => {
    const comes = changeKinds[kind[i]!] === 'invite';
    return { conversation: conversation[i]!, atMs: atMs[i]! + (comes ? newcomerMs : 0), user: user[i]!, comes };
  });
  return Map.groupBy(
    steps.toSorted((a, b) => a.atMs - b.atMs),
    (step) => step.conversation,
  );
}

function membersByConversation({ count, members, memberFrom }: Conversations): (readonly number[])[] {
  return Array.from({ length: count }, (_, index) => [...members.subarray(memberFrom[index], memberFrom[index + 1])]);
}
