/**
 * What simulated users will do, settled before the run: who connects when, who talks with whom, who sends how much when,
 * who goes away when. It depends on the scenario's users and on the seed alone, so that every strategy meets the same.
 */
import { createHash } from 'node:crypto';
import { createSeededRandom, type Random } from '../../system/index.ts';
import type { Activity, PayloadSize, Scenario } from '../scenario.ts';
import { exponential, poissonArrivals } from './pace.ts';
import { type Belonging, belongingOf, buildConversations, type Conversations } from './topology.ts';
import { createPicker, type Picker, zipfWeights } from './weights.ts';

export interface Trace {
  readonly users: number;
  /** By user: milliseconds from the start of the ramp. */
  readonly connectAtMs: Float64Array;
  readonly conversations: Conversations;
  readonly belonging: Belonging;
  readonly sends: Sends;
  readonly absences: Absences;
}

/** Message `i` of the run: when (milliseconds from the start of sending, ascending), who, where, how large. */
export interface Sends {
  readonly count: number;
  readonly atMs: Float64Array;
  readonly sender: Uint32Array;
  readonly conversation: Uint32Array;
  readonly bytes: Uint16Array;
}

/** User `u` leaves at `leaveAtMs[from[u]]` … before `from[u + 1]` (from the start of sending), each time for `offlineMs`. */
export interface Absences {
  readonly offlineMs: number;
  readonly from: Uint32Array;
  readonly leaveAtMs: Float64Array;
}

/** 300,000 sends take a fraction of a second. Throws a `Problem` when the topology does not fit the users. */
export function buildTrace(scenario: Scenario, seed: number): Trace {
  const random = createSeededRandom(seed).fork('trace');
  const { users } = scenario;
  const sendingMs = scenario.warmupMs + scenario.measureMs;
  const conversations = buildConversations(scenario.topology, users, random.fork('conversations'));
  const belonging = belongingOf(conversations, users);
  const absences = buildAbsences(scenario, sendingMs, random);
  const atMs = poissonArrivals(scenario.pace, conversations.count > 0 ? sendingMs : 0, random.fork('arrivals'));
  const draw = drawerOf(scenario, { conversations, belonging, absences, random });
  const sends = {
    count: atMs.length,
    atMs,
    sender: new Uint32Array(atMs.length),
    conversation: new Uint32Array(atMs.length),
    bytes: drawSizes(scenario.payload, atMs.length, random.fork('sizes')),
  };
  for (let i = 0; i < atMs.length; i++) draw(i, sends);
  return {
    users,
    connectAtMs: perUser(users, (user) => scenario.rampMs * random.fork(`connect:${user}`).next()),
    conversations,
    belonging,
    sends,
    absences,
  };
}

/** Equal for equal traces, on every machine. */
export function traceHash(trace: Trace): string {
  const { connectAtMs, conversations, sends, absences } = trace;
  const hash = createHash('sha256');
  hash.update(JSON.stringify([trace.users, conversations.kind, conversations.count, sends.count, absences.offlineMs]));
  const columns = [
    connectAtMs,
    conversations.memberFrom,
    conversations.members,
    sends.atMs,
    sends.sender,
    sends.conversation,
    sends.bytes,
    absences.from,
    absences.leaveAtMs,
  ];
  for (const { buffer, byteOffset, byteLength } of columns) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex').slice(0, 16);
}

/**
 * The users that one of `workers` drives: whole users, evenly, neighbours together, so that pairs have one worker and
 * their messages need no other to be measured.
 */
export function usersOf(worker: number, run: { readonly users: number; readonly workers: number }): Uint32Array {
  const pairs = Math.ceil(run.users / 2);
  const from = 2 * Math.floor((pairs * worker) / run.workers);
  const to = Math.min(run.users, 2 * Math.floor((pairs * (worker + 1)) / run.workers));
  return Uint32Array.from({ length: to - from }, (_, index) => from + index);
}

/** The sends of some users: their numbers in the trace and their moments. */
export function sendsOf(
  { count, atMs, sender }: Sends,
  isMine: (user: number) => boolean,
): { readonly index: Uint32Array; readonly atMs: Float64Array } {
  const index = Uint32Array.from({ length: count }, (_, i) => i).filter((i) => isMine(sender[i]!));
  return { index, atMs: Float64Array.from(index, (i) => atMs[i]!) };
}

// ---

interface Ground {
  readonly conversations: Conversations;
  readonly belonging: Belonging;
  readonly absences: Absences;
  readonly random: Random;
}

/** Draws that fell on somebody who is away are repeated this often; then the message waits for their return. */
const redrawsMax = 16;

/** Fills in who sends message `i`, and where. */
function drawerOf(scenario: Scenario, ground: Ground): (i: number, sends: Sends) => void {
  const pick = scenario.topology.kind === 'groups' ? groupFirst(scenario, ground) : senderFirst(scenario, ground);
  return (i, sends) => {
    const atMs = sends.atMs[i]!;
    pick(i, sends);
    for (let n = 0; n < redrawsMax && isAway(ground.absences, sends.sender[i]!, atMs); n++) pick(i, sends);
  };
}

type Pick = (i: number, sends: Sends) => void;

/** A user by weight, then one of their conversations. */
function senderFirst(scenario: Scenario, { belonging, random }: Ground): Pick {
  const { from, conversations } = belonging;
  const weights = activityWeights(scenario, random).map((weight, user) => (from[user] === from[user + 1] ? 0 : weight));
  const pickSender = createPicker(weights);
  const stream = random.fork('senders');
  return (i, sends) => {
    const sender = pickSender(stream);
    const first = from[sender]!;
    sends.sender[i] = sender;
    sends.conversation[i] = conversations[first + Math.floor(stream.next() * (from[sender + 1]! - first))]!;
  };
}

/** A group by Zipf's law, then a member by weight. */
function groupFirst(scenario: Scenario, { conversations, random }: Ground): Pick {
  const { members, memberFrom, count } = conversations;
  const weights = activityWeights(scenario, random);
  const pickGroup = createPicker(zipfWeights(count, scenario.topology.kind === 'groups' ? scenario.topology.skew : 0));
  const pickers: Picker[] = Array.from({ length: count }, (_, group) =>
    createPicker(
      Float64Array.from(members.subarray(memberFrom[group], memberFrom[group + 1]), (user) => weights[user]!),
    ),
  );
  const stream = random.fork('senders');
  return (i, sends) => {
    const group = pickGroup(stream);
    sends.conversation[i] = group;
    sends.sender[i] = members[memberFrom[group]! + pickers[group]!(stream)]!;
  };
}

function activityWeights({ users, activity }: { users: number; activity: Activity }, random: Random): Float64Array {
  if (activity.kind === 'even') return new Float64Array(users).fill(1);
  return perUser(users, (user) => Math.exp(activity.sigma * normal(random.fork(`activity:${user}`))));
}

function drawSizes(size: PayloadSize, count: number, random: Random): Uint16Array {
  const bytes = new Uint16Array(count);
  if (size.kind === 'fixed') return bytes.fill(size.bytes);
  for (let i = 0; i < count; i++) {
    const drawn = Math.round(size.medianBytes * Math.exp(size.sigma * normal(random)));
    bytes[i] = Math.min(Math.max(drawn, payloadBytesMin), size.maxBytes);
  }
  return bytes;
}

/** The scenario's own lower bound; the header of a modelled payload fits into it. */
const payloadBytesMin = 32;

function buildAbsences({ users, churn }: Scenario, sendingMs: number, random: Random): Absences {
  const from = new Uint32Array(users + 1);
  const leaves: number[] = [];
  for (let user = 0; user < users && churn; user++) {
    const own = random.fork(`churn:${user}`);
    const stayMs = () => churn.stayMeanMs * exponential(own);
    for (let atMs = stayMs(); atMs < sendingMs; atMs += churn.offlineMs + stayMs()) leaves.push(atMs);
    from[user + 1] = leaves.length;
  }
  return { offlineMs: churn?.offlineMs ?? 0, from, leaveAtMs: Float64Array.from(leaves) };
}

function isAway({ from, leaveAtMs, offlineMs }: Absences, user: number, atMs: number): boolean {
  for (let i = from[user]!; i < from[user + 1]! && leaveAtMs[i]! <= atMs; i++) {
    if (atMs < leaveAtMs[i]! + offlineMs) return true;
  }
  return false;
}

/** Standard normal, by Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(2 * exponential(random)) * Math.cos(2 * Math.PI * random.next());
}

function perUser(users: number, value: (user: number) => number): Float64Array {
  return Float64Array.from({ length: users }, (_, user) => value(user));
}
