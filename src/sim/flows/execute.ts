/** Carries a flow out on a cluster, heals everything, waits until nothing more comes, and answers what was recorded. */
import type { MemoryHistory } from '../../metrics/index.ts';
import type { Ms } from '../../system/index.ts';
import { recordStored } from '../engine/stored.ts';
import { describeOperation, type Operation } from './operation.ts';
import { createPerson, type Person } from './person.ts';
import { disturb, disturbLink, heal, recover } from './recover.ts';
import {
  createStage,
  type FlowOrder,
  indexOf,
  mark,
  passes,
  recorderOf,
  type Stage,
  tenantOf,
  waitFor,
} from './stage.ts';

export interface FlowRun {
  readonly history: MemoryHistory;
  /** Operations that could not be begun: what they need never came to be. */
  readonly skipped: readonly string[];
  /** Frames that named somebody of another tenant, one sentence each. */
  readonly strangers: readonly string[];
  /** Who had not recovered, long after everything was healed; one sentence each. */
  readonly stuck: readonly string[];
}

/** How long an operation waits for what it needs, for example the answer that names its conversation. */
const needMsMax: Ms = 300;

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
  await Promise.all(stage.proofs);
  mark(stage, 'mark', 'end');
  for (const recorder of stage.recorders) recorder.finish();
  for (const { session } of stage.people.values()) session.stop();
  await readStored(stage);
  return { history: stage.history, skipped, strangers: stage.strangers, stuck };
}

// ---

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
    case 'cutLink':
    case 'slowLink':
    case 'halveLink':
    case 'resetLink':
    case 'healLink':
      return disturbLink(stage, one);
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
    if (one.do === 'invite') session.invite(room, [who.name]);
    else session.remove(room, [who.name]);
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

function payloadOf(stage: Stage, bytes: number): string {
  return `r${stage.run}`.padEnd(bytes, 'A');
}

/** What the database has of this tenant, for the check against what users saw. */
async function readStored({ cluster, history, startMs, ...stage }: Stage): Promise<void> {
  await recordStored(cluster, {
    actorOf: (name) => indexOf(stage, name),
    history: { add: (event) => event.peer >= 0 && history.add(event) },
    runStartMs: startMs,
    marker: null,
  });
}
