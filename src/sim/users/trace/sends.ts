/** Who sends how much where, for moments that are given. */
import type { Random } from '../../../system/index.ts';
import type { Activity, PayloadSize, Scenario } from '../../scenario.ts';
import { type Absences, isAway } from './absences.ts';
import { exponential } from './pace.ts';
import type { Belonging, Conversations } from './topology.ts';
import { plannedMembers, type Turnover } from './turnover.ts';
import { createPicker, type Picker, zipfWeights } from './weights.ts';

/** Message `i` of the run: when (milliseconds from the start of sending, ascending), who, where, how large. */
export interface Sends {
  readonly count: number;
  readonly atMs: Float64Array;
  readonly sender: Uint32Array;
  readonly conversation: Uint32Array;
  readonly bytes: Uint16Array;
}

/** What is settled before anybody is chosen to send. */
export interface Ground {
  readonly conversations: Conversations;
  readonly belonging: Belonging;
  readonly absences: Absences;
  readonly turnover: Turnover;
  readonly random: Random;
}

/** One message for each moment; nobody sends who is away, or who is not a member by the plan. */
export function drawSends(scenario: Scenario, atMs: Float64Array, ground: Ground): Sends {
  const sends = {
    count: atMs.length,
    atMs,
    sender: new Uint32Array(atMs.length),
    conversation: new Uint32Array(atMs.length),
    bytes: drawSizes(scenario.payload, atMs.length, ground.random.fork('sizes')),
  };
  const draw = drawerOf(scenario, ground);
  for (let i = 0; i < atMs.length; i++) draw(i, sends);
  return sends;
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

/** Draws that fell on somebody who is away are repeated this often; then the message waits for their return. */
const redrawsMax = 16;

/** Fills in who sends message `i`, and where. */
type Draw = (i: number, sends: Sends) => void;

function drawerOf(scenario: Scenario, ground: Ground): Draw {
  const pick = scenario.topology.kind === 'groups' ? groupFirst(scenario, ground) : senderFirst(scenario, ground);
  return (i, sends) => {
    const atMs = sends.atMs[i]!;
    pick(i, sends);
    for (let n = 0; n < redrawsMax && isAway(ground.absences, sends.sender[i]!, atMs); n++) pick(i, sends);
  };
}

/** A user by weight, then one of their conversations. */
function senderFirst(scenario: Scenario, { belonging, random }: Ground): Draw {
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

/** A group by Zipf's law, then by weight one of those who are members then. */
function groupFirst(scenario: Scenario, { conversations, turnover, random }: Ground): Draw {
  const weights = activityWeights(scenario, random);
  const skew = scenario.topology.kind === 'groups' ? scenario.topology.skew : 0;
  const pickGroup = createPicker(zipfWeights(conversations.count, skew));
  const planned = plannedMembers(conversations, turnover);
  const pickers = new WeakMap<readonly number[], Picker>();
  const pickerOf = (members: readonly number[]): Picker => {
    const known = pickers.get(members);
    if (known) return known;
    const made = createPicker(Float64Array.from(members, (user) => weights[user]!));
    pickers.set(members, made);
    return made;
  };
  const stream = random.fork('senders');
  return (i, sends) => {
    const group = pickGroup(stream);
    const members = planned.at(group, sends.atMs[i]!);
    sends.conversation[i] = group;
    sends.sender[i] = members[pickerOf(members)(stream)]!;
  };
}

function activityWeights({ users, activity }: { users: number; activity: Activity }, random: Random): Float64Array {
  if (activity.kind === 'even') return new Float64Array(users).fill(1);
  const weight = (user: number): number => Math.exp(activity.sigma * normal(random.fork(`activity:${user}`)));
  return Float64Array.from({ length: users }, (_, user) => weight(user));
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

/** Standard normal, by Box and Muller. */
export function normal(random: Random): number {
  return Math.sqrt(2 * exponential(random)) * Math.cos(2 * Math.PI * random.next());
}
