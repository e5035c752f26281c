/** Carries a flow out on a cluster, heals everything, waits until nothing more comes, and answers what was recorded. */
import { createMemoryHistory, type EventKind, laboratory, type MemoryHistory } from '../../metrics/index.ts';
import type { Clock, ConversationId, Ms, Random } from '../../system/index.ts';
import type { Cluster } from '../backends/backend.ts';
import { recordStored } from '../engine/stored.ts';
import type { Fault } from '../faults/fault.ts';
import { recordUser, type UserRecord } from '../users/record.ts';
import { describeOperation, type Flow, type Operation } from './operation.ts';
import { createPerson, type Person } from './person.ts';
import type { FlowWorld } from './world.ts';

export interface FlowOrder {
  readonly flow: Flow;
  readonly world: FlowWorld;
  readonly cluster: Cluster;
  /** Tells this run from all others on the same cluster: its users are a tenant of their own. */
  readonly run: number;
  readonly random: Random;
  readonly signal: AbortSignal;
}

export interface FlowRun {
  readonly history: MemoryHistory;
  /** Operations that could not be begun: what they need never came to be. */
  readonly skipped: readonly string[];
  /** Frames that named somebody of another tenant, one sentence each. */
  readonly strangers: readonly string[];
  /** Who had not recovered, `waitMsMax` after everything was healed; one sentence each. */
  readonly stuck: readonly string[];
}

/** How long an operation waits for what it needs, for example the answer that names its conversation. */
const needMsMax: Ms = 300;
/** How long recovery may take after everything is healed. */
const recoverMsMax: Ms = 60_000;
const lookEveryMs: Ms = 10;

export async function executeFlow(order: FlowOrder): Promise<FlowRun> {
  const stage = createStage(order);
  const skipped: string[] = [];
  for (const [index, one] of order.flow.operations.entries()) {
    order.signal.throwIfAborted();
    const done = await perform(stage, one);
    if (!done) skipped.push(`${index}: ${describeOperation(one)}`);
  }
  await heal(stage);
  const stuck = await recover(stage);
  mark(stage, 'mark', 'end');
  for (const recorder of stage.recorders) recorder.finish();
  for (const { session } of stage.people.values()) session.stop();
  await readStored(stage);
  return { history: stage.history, skipped, strangers: stage.strangers, stuck };
}

// ---

/** All that is on stage while a flow runs. */
interface Stage extends FlowOrder {
  readonly clock: Clock;
  readonly startMs: Ms;
  readonly history: MemoryHistory;
  readonly people: Map<number, Person>;
  readonly rooms: Map<number, ConversationId>;
  /** Conversations whose opening was asked for, by user and client id. */
  readonly opening: Map<string, number>;
  readonly down: Set<string>;
  readonly paused: Set<string>;
  readonly strangers: string[];
  readonly recorders: UserRecord[];
}

function createStage(order: FlowOrder): Stage {
  const { clock } = order.cluster;
  return {
    ...order,
    clock,
    startMs: clock.now(),
    history: createMemoryHistory(),
    people: new Map(),
    rooms: new Map(),
    opening: new Map(),
    down: new Set(),
    paused: new Set(),
    strangers: [],
    recorders: [],
  };
}

/** False when the operation could not be begun. */
async function perform(stage: Stage, one: Operation): Promise<boolean> {
  switch (one.do) {
    case 'wait':
      await passes(stage.clock, one.ms);
      return true;
    case 'killServer':
      return disturb(stage, { kind: 'kill', server: one.server });
    case 'startServer':
      return disturb(stage, { kind: 'start', server: one.server });
    case 'pauseServer':
      return disturb(stage, { kind: 'pause', server: one.server });
    case 'resumeServer':
      return disturb(stage, { kind: 'resume', server: one.server });
    case 'signUp':
      return enter(stage, one.user);
    default: {
      const person = stage.people.get(one.user);
      return person !== undefined && (await act(stage, { person, one }));
    }
  }
}

type PersonalOperation = Exclude<Operation, { do: 'signUp' | 'wait' } | { server: number }>;

async function act(stage: Stage, { person, one }: { person: Person; one: PersonalOperation }): Promise<boolean> {
  const { session } = person;
  switch (one.do) {
    case 'connect':
    case 'comeBack':
      session.start();
      return true;
    case 'goOffline':
      session.stop();
      return true;
    case 'drop':
      session.drop();
      return true;
    case 'group':
      return open(stage, one, session.createGroup(`group ${one.conversation} of ${person.name}`));
    case 'direct': {
      const other = stage.people.get(one.with);
      return other !== undefined && open(stage, one, session.openDirect(other.name));
    }
    default:
      return actInRoom(stage, { person, one });
  }
}

async function actInRoom(
  stage: Stage,
  { person, one }: { person: Person; one: Extract<PersonalOperation, { do: 'send' | 'leave' | 'invite' | 'remove' }> },
): Promise<boolean> {
  const { session } = person;
  await waitFor(stage, needMsMax, () => stage.rooms.has(one.conversation));
  const room = stage.rooms.get(one.conversation);
  if (room === undefined) return false;
  if (one.do === 'send') session.send(room, payloadOf(stage, one.bytes));
  else if (one.do === 'leave') session.leave(room);
  else {
    const who = stage.people.get(one.who);
    if (!who) return false;
    if (one.do === 'invite') session.invite(room, who.name);
    else session.remove(room, who.name);
  }
  return true;
}

function open(stage: Stage, one: { user: number; conversation: number }, clientId: number): true {
  stage.opening.set(`${one.user}/${clientId}`, one.conversation);
  return true;
}

async function enter(stage: Stage, index: number): Promise<boolean> {
  const { cluster, run, random, world, signal } = stage;
  const own = random.fork(`user ${index}`);
  const recorder = recorderOf(stage, index);
  const person = await createPerson({
    name: `${tenantOf(run)}${index}`,
    transport: cluster.connect(index, own.fork('transport')),
    clock: stage.clock,
    random: own.fork('session'),
    settings: world.session,
    handlers: recorder,
    signal,
  });
  if (person) {
    stage.people.set(index, person);
    stage.recorders.push(recorder);
  }
  return person !== null;
}

/** Writes the history; and a name of another tenant, in whatever it stands, is a stranger's. */
function recorderOf(stage: Stage, index: number): UserRecord {
  const { clock, startMs, history, signal } = stage;
  const actorOf = (name: string): number => {
    const actor = indexOf(stage, name);
    if (actor < 0) stage.strangers.push(`User ${index} was shown ${name}, who belongs to another run.`);
    return actor;
  };
  return recordUser({
    actor: index,
    actorOf,
    clock,
    startMs,
    // A run that was given up writes nothing more.
    sink: { add: (event) => signal.aborted || history.add(event) },
    observer: {
      conversation: (_, { members }) => void members.map(actorOf),
      accepted(actor, { clientId, conversation }) {
        const opened = stage.opening.get(`${actor}/${clientId}`);
        if (opened !== undefined) stage.rooms.set(opened, conversation as ConversationId);
      },
    },
  });
}

function indexOf(stage: Pick<Stage, 'run'>, name: string): number {
  const tenant = tenantOf(stage.run);
  return name.startsWith(tenant) ? Number(name.slice(tenant.length)) : -1;
}

function tenantOf(run: number): string {
  return `r${run}-u`;
}

function payloadOf(stage: Stage, bytes: number): string {
  return `r${stage.run}`.padEnd(bytes, 'A');
}

async function disturb(
  stage: Stage,
  act: { kind: Fault['kind'] & ('kill' | 'start' | 'pause' | 'resume'); server: number },
): Promise<boolean> {
  const server = `s${act.server}`;
  const { effective } = await stage.cluster.apply({ kind: act.kind, server });
  const among = act.kind === 'kill' || act.kind === 'start' ? stage.down : stage.paused;
  const healing = act.kind === 'start' || act.kind === 'resume';
  if (healing) among.delete(server);
  else among.add(server);
  if (act.kind === 'kill') stage.paused.delete(server);
  mark(stage, healing ? 'heal' : 'fault', `${act.kind} ${server}`);
  return effective;
}

/** What the database has of this tenant, for the check against what users saw. */
async function readStored({ cluster, history, startMs, ...stage }: Stage): Promise<void> {
  await recordStored(cluster, {
    actorOf: (name) => indexOf(stage, name),
    history: { add: (event) => event.peer >= 0 && history.add(event) },
    runStartMs: startMs,
  });
}

function mark(stage: Stage, kind: EventKind, detail: string): void {
  stage.history.add({
    t: stage.clock.now() - stage.startMs,
    actor: laboratory,
    session: 0,
    kind,
    op: kind === 'mark' ? 'phase' : 'fault',
    conversation: 0,
    seq: 0,
    clientId: 0,
    peer: -1,
    detail,
  });
}

/** All servers up, all users connected. */
async function heal(stage: Stage): Promise<void> {
  for (const server of [...stage.paused]) await disturb(stage, { kind: 'resume', server: Number(server.slice(1)) });
  for (const server of [...stage.down]) await disturb(stage, { kind: 'start', server: Number(server.slice(1)) });
  mark(stage, 'mark', 'drain');
  for (const { session } of stage.people.values()) session.start();
}

/** Waits until everybody is connected, everything is answered, and nothing has happened for a while. */
async function recover(stage: Stage): Promise<readonly string[]> {
  const { clock, history, world } = stage;
  let seen = -1;
  let quietSinceMs = clock.now();
  await waitFor(stage, recoverMsMax, () => {
    if (history.events.length !== seen || unsettled(stage).length > 0) {
      seen = history.events.length;
      quietSinceMs = clock.now();
    }
    return clock.now() - quietSinceMs >= world.quietMs;
  });
  return unsettled(stage).map(
    ({ name, session }) => `${name} is ${session.state} with ${session.pending} operations unanswered.`,
  );
}

function unsettled(stage: Stage): Person[] {
  return [...stage.people.values()].filter(({ session }) => session.state !== 'online' || session.pending > 0);
}

async function waitFor(stage: Stage, limitMs: Ms, condition: () => boolean): Promise<void> {
  const untilMs = stage.clock.now() + limitMs;
  while (!condition() && stage.clock.now() < untilMs) {
    stage.signal.throwIfAborted();
    await passes(stage.clock, lookEveryMs);
  }
}

function passes(clock: Clock, delayMs: Ms): Promise<void> {
  return new Promise((resolve) => void clock.after(delayMs, resolve));
}
