/**
 * What simulated users will do, settled before the run: who connects when, who talks with whom, who sends how much when,
 * who goes away when, who comes to a group and leaves it when, who watches whom, who sends which image where. It depends on the scenario's users and on the seed alone,
 * so that every strategy meets the same. Each part has streams of its own (`fork`): a new one moves no other.
 */
import { createHash } from 'node:crypto';
import { createSeededRandom, type Random } from '../../../system/index.ts';
import type { Scenario } from '../../scenario.ts';
import { type Absences, buildAbsences } from './absences.ts';
import { buildImages, type Images } from './images.ts';
import { poissonArrivals } from './pace.ts';
import { drawSends, type Sends } from './sends.ts';
import { type Belonging, belongingOf, buildConversations, type Conversations } from './topology.ts';
import { buildTurnover, type Turnover } from './turnover.ts';
import { buildWatching, type Watching } from './watching.ts';

export interface Trace {
  readonly users: number;
  /** By user: milliseconds from the start of the ramp. */
  readonly connectAtMs: Float64Array;
  readonly conversations: Conversations;
  readonly belonging: Belonging;
  readonly sends: Sends;
  readonly absences: Absences;
  readonly turnover: Turnover;
  readonly watching: Watching;
  /** So long before each message its sender is seen typing; 0: never. */
  readonly typingMs: number;
  readonly images: Images;
}

/** 300,000 sends take a fraction of a second. */
export function buildTrace(scenario: Scenario, seed: number): Trace {
  const random = createSeededRandom(seed).fork('trace');
  const { users } = scenario;
  const sendingMs = scenario.warmupMs + scenario.measureMs;
  const conversations = buildConversations(scenario.topology, users, random.fork('conversations'));
  const belonging = belongingOf(conversations, users);
  const absences = buildAbsences(scenario, sendingMs, random);
  const turnover = buildTurnover(scenario, conversations, random.fork('turnover'));
  const atMs = poissonArrivals(scenario.pace, conversations.count > 0 ? sendingMs : 0, random.fork('arrivals'));
  const ground = { conversations, belonging, absences, turnover, random };
  return {
    users,
    connectAtMs: connectTimes(scenario, random),
    conversations,
    belonging,
    sends: drawSends(scenario, atMs, ground),
    absences,
    turnover,
    watching: buildWatching(scenario, { conversations, belonging, absences }, random.fork('watching')),
    typingMs: scenario.typing?.forMs ?? 0,
    images: buildImages(scenario, sendingMs, ground),
  };
}

/** Equal for equal traces, on every machine. */
export function traceHash(trace: Trace): string {
  const { connectAtMs, conversations, sends, absences, turnover, watching, images } = trace;
  const hash = createHash('sha256');
  hash.update(JSON.stringify([trace.users, conversations.kind, conversations.count, sends.count, trace.typingMs]));
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
    absences.returnAtMs,
    turnover.atMs,
    turnover.kind,
    turnover.conversation,
    turnover.user,
    watching.from,
    watching.watched,
    watching.changeFrom,
    watching.changeAtMs,
    images.atMs,
    images.sender,
    images.conversation,
    images.bytes,
    images.tempting,
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

// ---

function connectTimes({ users, rampMs }: Scenario, random: Random): Float64Array {
  return Float64Array.from({ length: users }, (_, user) => rampMs * random.fork(`connect:${user}`).next());
}
