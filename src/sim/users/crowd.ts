/** A share of the simulated users of a run, driven by their trace: in a worker thread on the machine's clock, or inline on virtual time. */
import type { Cancel, Ms, SessionState } from '../../system/index.ts';
import type { Act, Cast } from './acts/act.ts';
import { changingMembers } from './acts/changing-members.ts';
import { comingAndGoing } from './acts/coming-and-going.ts';
import { sending } from './acts/sending.ts';
import { sharingImages } from './acts/sharing-images.ts';
import { typing } from './acts/typing.ts';
import { createBeliefs } from './beliefs.ts';
import { bareClient, type ClientMaker, type UserClient } from './clients.ts';
import type { CrowdPlan, CrowdWorld, LocalCrowd } from './crowd-contract.ts';
import { createFanOut } from './fan-out.ts';
import { messengerClients, recordLetters } from './messenger-client.ts';
import { userIndexOf, userNameOf } from './names.ts';
import type { News } from './news.ts';
import type { MembershipChange, UserObserver } from './observer.ts';
import { inParallel, openConversations } from './open-conversations.ts';
import { createPayloadMaker } from './payload.ts';
import { recordUser, type UserRecord } from './record.ts';
import { type Schedule, startSchedule, waitUntil } from './schedule.ts';
import { createSharing } from './sharing.ts';
import { createWatchers } from './watchers.ts';

/** When the second is told of. */
function tickAtMs(second: number): Ms {
  return second * 1000 + 990;
}

/** Whether a user has been online. */
const never = 0;
const now = 1;
const earlier = 2;
const signUpsAtOnceMax = 16;
/** Longest wait for the last user to be online, and for the last conversation to be known. */
const settleMsMax = 120_000;
/** Longer than it takes to leave key packages at the servers. */
const keysMs = 2000;

export function createCrowd(plan: CrowdPlan, world: CrowdWorld): LocalCrowd {
  const { trace, users, tag, runStartMs } = plan;
  const { clock, seconds } = world;
  const beliefs = createBeliefs(trace, users, tag);
  const slotNumbers = Array.from(users, (_, slot) => slot);
  /** Place of a user in this crowd; -1 for those of others. */
  const slots = new Int32Array(trace.users).fill(-1);
  for (const slot of slotNumbers) slots[users[slot]!] = slot;
  const tokens: (string | null)[] = [];
  const sessions: (UserClient | null)[] = Array.from(users, () => null);
  const records: (UserRecord | undefined)[] = [];
  const presence = new Uint8Array(users.length);
  const answers = new Map<string, { resolve(conversation: number): void; reject(error: Error): void }>();
  const isMine = (user: number): boolean => slots[user] !== -1;
  const isHome = (conversation: number): boolean => {
    const index = beliefs.indexOf(conversation);
    return index !== -1 && isMine(trace.conversations.members[trace.conversations.memberFrom[index]!]!);
  };
  const { members } = beliefs;
  const fanOut = createFanOut({ kind: trace.conversations.kind, members, isHome, sink: seconds });
  let news: News[] = [];
  const payloads = createPayloadMaker(tag, world.random.fork('payloads'));
  const watchers = createWatchers({ ...plan, clock, sessionOf, seconds, history: world.history });
  const sharing = createSharing({
    trace,
    clock,
    random: world.random.fork('images'),
    runStartMs,
    ciphers: world.ciphers,
    transportFor: world.transportFor,
    tokenOf: (user) => tokens[slots[user]!]!,
    serverOf: (user) => sessionOf(user)?.server ?? '',
    actorOf,
    seconds,
    history: world.history,
  });
  const letters = { history: world.history, runStartMs, actorOf };
  const makeClient: ClientMaker =
    world.encryption === null
      ? bareClient
      : messengerClients(world.encryption, (order) => recordLetters(order, letters));
  const schedules: Schedule[] = [];
  let sends: Schedule | null = null;
  const totals = {
    connected: 0,
    offered: 0,
    accepted: 0,
    refused: 0,
    withheld: 0,
    expected: 0,
    delivered: 0,
    expired: 0,
    disconnects: 0,
  };
  let onlineOnce = 0;
  let cancelTick = tickLater(Math.floor((clock.now() - runStartMs) / 1000));

  const observer: UserObserver = {
    conversation: (user, frame) => beliefs.learn(user, frame),
    state: noteState,
    accepted(user, { op, conversation, clientId, seq, atMs }) {
      sends?.catchUp(runStartMs + atMs);
      if (op !== 'send') {
        answers.get(`${user}/${clientId}`)?.resolve(conversation);
        return;
      }
      totals.accepted++;
      expect(members.accepted(conversation, seq), atMs);
    },
    changed(_user, change) {
      if (noteChange(change) && plan.crowds > 1) news.push({ kind: 'changed', change });
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
      sharing.shown(user, message, atMs);
    },
    expired: (_user, messages) => {
      totals.expired += messages;
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
    totals: () => ({
      ...totals,
      unseen: watchers.unseen,
      transfers: sharing.open,
      deliveryP99Ms: seconds.deliveryP99Ms,
    }),
    stop,
    takeNews() {
      const taken = [...news, ...fanOut.takeReaches().map((reach): News => ({ kind: 'reached', reach }))];
      news = [];
      return taken;
    },
    hear(heard) {
      for (const one of heard) {
        if (one.kind === 'changed') noteChange(one.change);
        else fanOut.reached(one.reach);
      }
    },
  };

  async function signUpOne(slot: number): Promise<void> {
    const actor = users[slot]!;
    const user = { index: actor, name: userNameOf(tag, actor), transport: world.transportFor(actor) };
    const random = world.random.fork(`sign-up:${actor}`);
    const { history } = world;
    const record = recordUser({
      actor,
      actorOf,
      clock,
      startMs: runStartMs,
      sink: history,
      latency: seconds,
      counts: seconds,
      observer,
    });
    Object.assign(record, watchers.handlersOf(actor));
    const settings = { typing: trace.typingMs > 0, ...plan.session };
    const order = { user, record, clock, random: world.random.fork(`session:${actor}`), log: world.log, settings };
    const { client, token } = await makeClient({ clock, random, runStartMs, history, latency: seconds }, order);
    records[slot] = record;
    sessions[slot] = client;
    tokens[slot] = token;
  }

  async function connect(startMs: Ms): Promise<void> {
    const inOrder = slotNumbers.toSorted((a, b) => trace.connectAtMs[users[a]!]! - trace.connectAtMs[users[b]!]!);
    const atMs = Float64Array.from(inOrder, (slot) => trace.connectAtMs[users[slot]!]!);
    const connectNext = (index: number) => connectOne(inOrder[index]!, startMs - runStartMs + atMs[index]!);
    await schedule(startMs, { atMs, perform: connectNext }).done;
    if (await waitUntil(clock, settleMsMax, () => onlineOnce === users.length)) return;
    throw new Error(
      `${users.length - onlineOnce} of ${users.length} users could not connect within ${settleMsMax} ms.`,
    );
  }

  function connectOne(slot: number, meantMs: Ms): void {
    records[slot]!.meantToConnect(meantMs);
    sessions[slot]!.start();
  }

  async function open(): Promise<void> {
    if (world.encryption !== null) await keysSpread();
    await openConversations({ trace, tag, sessionOf, answer });
    if (await waitUntil(clock, settleMsMax, () => beliefs.unknown === 0)) return watchers.begin();
    throw new Error(`${beliefs.unknown} memberships were not announced to their users within ${settleMsMax} ms.`);
  }

  /** Everybody has come, and a little later there are keys by which each can be brought into conversations. */
  function keysSpread(): Promise<void> {
    return new Promise((resolve) => clock.after(keysMs, resolve));
  }

  async function send(startMs: Ms): Promise<void> {
    const recordOf = (user: number): UserRecord | null => records[slots[user]!] ?? null;
    const fromMs = startMs - runStartMs;
    watchers.sending(fromMs);
    const now = (): Ms => clock.now() - runStartMs;
    const who = { trace, users, tag, fromMs, now, isMine, sessionOf, recordOf };
    const cast: Cast = { ...who, beliefs, payloads, sharing, seconds, totals };
    for (const act of [comingAndGoing, changingMembers, typing, sharingImages]) schedule(startMs, act(cast));
    sends = schedule(startMs, sending(cast));
    await sends.done;
  }

  async function comeBack(): Promise<void> {
    for (const schedule of schedules) schedule.cancel();
    for (const session of sessions) session?.start();
  }

  async function stop(): Promise<void> {
    for (const schedule of schedules) schedule.cancel();
    cancelTick();
    watchers.finish();
    sharing.stop();
    for (const session of sessions) session?.stop();
    for (const record of records) record?.finish();
    seconds.close();
  }

  // --- helpers

  function expect(deliveries: number, atMs: Ms): void {
    totals.expected += deliveries;
    seconds.add('expected', atMs, deliveries);
  }

  /** False when it was known. */
  function noteChange(change: MembershipChange): boolean {
    const more = members.heard(change);
    if (more === null) return false;
    if (more !== 0) expect(more, clock.now() - runStartMs);
    fanOut.changed(change);
    return true;
  }

  function schedule(startMs: Ms, { atMs, perform }: Act): Schedule {
    const schedule = startSchedule({ clock, startMs, atMs, act: perform });
    schedules.push(schedule);
    return schedule;
  }

  /** Just before each second of the run ends, so that every second has one. */
  function tickLater(second: number): Cancel {
    return clock.after(runStartMs + tickAtMs(second) - clock.now(), () => {
      const nowMs = clock.now() - runStartMs;
      let last = second;
      // Who is late speaks for all the seconds that have passed meanwhile.
      for (; tickAtMs(last + 1) <= nowMs; last++) seconds.online(last, totals.connected);
      seconds.tick(tickAtMs(last), totals.connected, world.vitals?.sample() ?? null);
      cancelTick = tickLater(last + 1);
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

  function sessionOf(user: number): UserClient | null {
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
