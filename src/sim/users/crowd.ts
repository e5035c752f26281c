/** A share of the simulated users of a run, driven by their trace: in a worker thread on the machine's clock, or inline on virtual time. */
import type { HistorySink } from '../../metrics/index.ts';
import {
  type Cancel,
  type ClientSession,
  type Clock,
  createSession,
  type Log,
  type Ms,
  type Random,
  type SessionState,
  type SignInAnswer,
  type Transport,
  type Vitals,
} from '../../system/index.ts';
import { absenceEvents } from './absences.ts';
import { createBeliefs } from './beliefs.ts';
import { createFanOut } from './fan-out.ts';
import { userIndexOf, userNameOf } from './names.ts';
import { inParallel, openConversations } from './open-conversations.ts';
import { createPayloadMaker } from './payload.ts';
import { recordUser, type UserObserver, type UserRecord } from './record.ts';
import { type Schedule, startSchedule, waitUntil } from './schedule.ts';
import type { SecondsRecorder } from './seconds.ts';
import { createAccount } from './sign-up.ts';
import { sendsOf, type Trace } from './trace.ts';

export interface CrowdPlan {
  readonly trace: Trace;
  /** The users of this crowd, ascending. */
  readonly users: Uint32Array;
  /** See `runTag`. */
  readonly tag: string;
  /** What the clock showed at the start of the run; all recorded times count from it. */
  readonly runStartMs: Ms;
  readonly session: { readonly backoffBaseMs: Ms; readonly backoffMaxMs: Ms; readonly ackDelayMs: Ms };
}

export const sessionDefaults: CrowdPlan['session'] = { backoffBaseMs: 100, backoffMaxMs: 5000, ackDelayMs: 1000 };

export interface CrowdWorld {
  readonly clock: Clock;
  /** The same in every crowd of a run; streams are forked from it by user. */
  readonly random: Random;
  readonly log: Log;
  readonly transportFor: (user: number) => Transport;
  readonly history: HistorySink;
  readonly seconds: SecondsRecorder;
  /** How the thread feels; null in virtual time. */
  readonly vitals: Vitals | null;
}

/** Calls come in the order of the methods, each after the one before has resolved. */
export interface Crowd {
  /** Every user gets an account and a token. Rejects when one is refused. */
  signUp(): Promise<void>;
  /** Users connect at their traced times after `startMs`; resolves when each has been online once. */
  connect(startMs: Ms): Promise<void>;
  /** Opens what users of this crowd are to open; resolves when all of its users know all their conversations. */
  openConversations(): Promise<void>;
  /** Sends at the traced times after `startMs`, whatever happens; resolves when the last was sent. */
  send(startMs: Ms): Promise<void>;
  /** Nobody stays away any longer. */
  comeBack(): Promise<void>;
  totals(): CrowdTotals;
  /** Says goodbye and records what was never answered. */
  stop(): Promise<void>;
}

/** Since the start of the run. Of several crowds: the sums. */
export interface CrowdTotals {
  /** Users that are online now. */
  readonly connected: number;
  /** Messages that were due, and of these answered. */
  readonly offered: number;
  readonly accepted: number;
  readonly refused: number;
  /** Deliveries that the accepted messages of this crowd's users call for, wherever the others are. */
  readonly expected: number;
  /** Deliveries to this crowd's users. */
  readonly delivered: number;
  readonly disconnects: number;
  /** 99th percentile of deliveries in the last second; null when there were none. Of several crowds: the worst. */
  readonly deliveryP99Ms: Ms | null;
}

/** Messages not answered, deliveries missing, users not online; over all crowds of a run 0 means that everything has arrived. */
export function owed(totals: CrowdTotals, users: number): number {
  const { offered, accepted, refused, expected, delivered, connected } = totals;
  return offered - accepted - refused + Math.max(0, expected - delivered) + (users - connected);
}

/** Whether a user has been online. */
const never = 0;
const now = 1;
const earlier = 2;
const signUpsAtOnceMax = 16;
/** Longest wait for the last user to be online, and for the last conversation to be known. */
const settleMsMax = 120_000;

export function createCrowd(plan: CrowdPlan, world: CrowdWorld): Crowd {
  const { trace, users, tag, runStartMs } = plan;
  const { clock, seconds } = world;
  const beliefs = createBeliefs(trace, users, tag);
  const slotNumbers = Array.from(users, (_, slot) => slot);
  /** Place of a user in this crowd; -1 for those of others. */
  const slots = new Int32Array(trace.users).fill(-1);
  for (const slot of slotNumbers) slots[users[slot]!] = slot;
  const accounts: SignInAnswer[] = [];
  const sessions: (ClientSession | null)[] = Array.from(users, () => null);
  const records: UserRecord[] = [];
  const presence = new Uint8Array(users.length);
  const answers = new Map<string, { resolve(conversation: number): void; reject(error: Error): void }>();
  const fanOut = createFanOut(trace, beliefs, (user) => slots[user] !== -1, seconds);
  const payloads = createPayloadMaker(tag, world.random.fork('payloads'));
  const schedules: Schedule[] = [];
  let sends: Schedule | null = null;
  const totals = { connected: 0, offered: 0, accepted: 0, refused: 0, expected: 0, delivered: 0, disconnects: 0 };
  let onlineOnce = 0;
  let cancelTick = tickLater(Math.floor((clock.now() - runStartMs) / 1000));

  const observer: UserObserver = {
    conversation: (user, frame) => beliefs.learn(user, frame),
    state: noteState,
    accepted(user, { op, conversation, clientId, atMs }) {
      sends?.catchUp(runStartMs + atMs);
      if (op !== 'send') {
        answers.get(`${user}/${clientId}`)?.resolve(conversation);
        return;
      }
      const others = beliefs.othersIn(conversation);
      totals.accepted++;
      totals.expected += others;
      seconds.add('expected', atMs, others);
    },
    refused(user, { op, clientId, code }) {
      answers.get(`${user}/${clientId}`)?.reject(new Error(`${userNameOf(tag, user)}: ${op} was refused: ${code}.`));
      if (op === 'send') totals.refused++;
    },
    delivered(user, message, atMs, latencyMs) {
      sends?.catchUp(runStartMs + atMs);
      totals.delivered++;
      const server = sessions[slots[user]!]?.server ?? '';
      fanOut.delivered(message, atMs, latencyMs, server);
    },
    disconnected: () => {
      totals.disconnects++;
    },
  };

  return {
    signUp: () => inParallel(slotNumbers, signUpsAtOnceMax, signUpOne),
    connect,
    openConversations: open,
    send,
    comeBack,
    totals: () => ({ ...totals, deliveryP99Ms: seconds.deliveryP99Ms }),
    stop,
  };

  async function signUpOne(slot: number): Promise<void> {
    const index = users[slot]!;
    const random = world.random.fork(`sign-up:${index}`);
    const order = { clock, random, runStartMs, history: world.history, latency: seconds };
    const transport = world.transportFor(index);
    accounts[slot] = await createAccount(order, { index, name: userNameOf(tag, index), transport });
  }

  async function connect(startMs: Ms): Promise<void> {
    const inOrder = slotNumbers.toSorted((a, b) => trace.connectAtMs[users[a]!]! - trace.connectAtMs[users[b]!]!);
    const atMs = Float64Array.from(inOrder, (slot) => trace.connectAtMs[users[slot]!]!);
    await schedule(startMs, atMs, (index) => connectOne(inOrder[index]!)).done;
    if (await waitUntil(clock, settleMsMax, () => onlineOnce === users.length)) return;
    throw new Error(
      `${users.length - onlineOnce} of ${users.length} users could not connect within ${settleMsMax} ms.`,
    );
  }

  function connectOne(slot: number): void {
    const actor = users[slot]!;
    const { token, device } = accounts[slot]!;
    const record = recordUser({
      actor,
      actorOf,
      clock,
      startMs: runStartMs,
      sink: world.history,
      latency: seconds,
      counts: seconds,
      observer,
    });
    const random = world.random.fork(`session:${actor}`);
    const session = createSession(
      { clock, random, log: world.log, transport: world.transportFor(actor) },
      { token, device, ...plan.session },
      record,
    );
    records.push(record);
    sessions[slot] = session;
    session.start();
  }

  async function open(): Promise<void> {
    await openConversations({ trace, tag, sessionOf, answer });
    if (await waitUntil(clock, settleMsMax, () => beliefs.unknown === 0)) return;
    throw new Error(`${beliefs.unknown} memberships were not announced to their users within ${settleMsMax} ms.`);
  }

  async function send(startMs: Ms): Promise<void> {
    const mine = sendsOf(trace.sends, (sender) => slots[sender] !== -1);
    const comings = absenceEvents(trace.absences, users);
    schedule(startMs, comings.atMs, (index) => {
      const session = sessionOf(comings.user[index]!);
      if (comings.leaves[index] === 1) session?.stop();
      else session?.start();
    });
    const fromMs = startMs - runStartMs;
    const sendNext = (index: number, lateMs: Ms) => sendOne(mine.index[index]!, fromMs + mine.atMs[index]!, lateMs);
    sends = schedule(startMs, mine.atMs, sendNext);
    await sends.done;
  }

  function sendOne(index: number, intendedMs: Ms, lateMs: Ms): void {
    const { sender, conversation, bytes } = trace.sends;
    const payload = payloads.make({ index, intendedMs, actualMs: intendedMs + lateMs }, bytes[index]!);
    totals.offered++;
    seconds.sentLate(intendedMs, lateMs);
    sessionOf(sender[index]!)?.send(beliefs.idOf(conversation[index]!), payload);
  }

  async function comeBack(): Promise<void> {
    for (const schedule of schedules) schedule.cancel();
    for (const session of sessions) session?.start();
  }

  async function stop(): Promise<void> {
    for (const schedule of schedules) schedule.cancel();
    cancelTick();
    for (const session of sessions) session?.stop();
    for (const record of records) record.finish();
    seconds.close();
  }

  // --- helpers

  function schedule(startMs: Ms, atMs: Float64Array, act: (index: number, lateMs: Ms) => void): Schedule {
    const schedule = startSchedule({ clock, startMs, atMs, act });
    schedules.push(schedule);
    return schedule;
  }

  /** Just before each second of the run ends, so that every second has one. */
  function tickLater(second: number): Cancel {
    return clock.after(runStartMs + second * 1000 + 990 - clock.now(), () => {
      const nowMs = clock.now() - runStartMs;
      seconds.tick(nowMs, totals.connected, world.vitals?.sample() ?? null);
      cancelTick = tickLater(Math.max(second + 1, Math.floor(nowMs / 1000)));
    });
  }

  function noteState(user: number, state: SessionState): void {
    const slot = slots[user]!;
    const before = presence[slot];
    if (state === 'online') {
      if (before === never) onlineOnce++;
      presence[slot] = now;
      totals.connected++;
    } else if (before === now) {
      presence[slot] = earlier;
      totals.connected--;
    }
  }

  function sessionOf(user: number): ClientSession | null {
    return sessions[slots[user]!] ?? null;
  }

  function answer(user: number, clientId: number): Promise<number> {
    const key = `${user}/${clientId}`;
    return new Promise<number>((resolve, reject) => answers.set(key, { resolve, reject })).finally(() =>
      answers.delete(key),
    );
  }

  function actorOf(name: string): number {
    return userIndexOf(tag, name);
  }
}
