/** All that is on stage while a flow runs: its users as a tenant of their own, and the history of what they saw. */
import { createMemoryHistory, type EventKind, laboratory, type MemoryHistory } from '../../metrics/index.ts';
import type { Clock, ConversationId, Ms, Random } from '../../system/index.ts';
import type { Cluster } from '../backends/backend.ts';
import { markExpiry } from '../engine/phases.ts';
import { recordUser, type UserRecord } from '../users/record.ts';
import type { Flow, Way } from './operation.ts';
import type { Person } from './person.ts';
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

const lookEveryMs: Ms = 10;

export interface Stage extends FlowOrder {
  readonly clock: Clock;
  readonly startMs: Ms;
  readonly history: MemoryHistory;
  readonly people: Map<number, Person>;
  readonly rooms: Map<number, ConversationId>;
  /** Conversations whose opening was asked for, by user and client id. */
  readonly opening: Map<string, number>;
  readonly down: Set<string>;
  readonly paused: Set<string>;
  /** Names of links that are disturbed now. */
  readonly disturbed: Set<string>;
  /** Sides of links that have lost their far end at some time: who is at the near one finds out late. */
  readonly halved: Set<Way['side']>;
  /** Of acts on links: settled long after them. */
  readonly proofs: Promise<unknown>[];
  readonly strangers: string[];
  readonly recorders: UserRecord[];
}

export function createStage(order: FlowOrder): Stage {
  const { clock } = order.cluster;
  const history = createMemoryHistory();
  markExpiry(history, 0, order.world.spec.server);
  return {
    ...order,
    clock,
    startMs: clock.now(),
    history,
    people: new Map(),
    rooms: new Map(),
    opening: new Map(),
    down: new Set(),
    paused: new Set(),
    disturbed: new Set(),
    halved: new Set(),
    proofs: [],
    strangers: [],
    recorders: [],
  };
}

/** Writes the history; and a name of another tenant, in whatever it stands, is a stranger's. */
export function recorderOf(stage: Stage, index: number): UserRecord {
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

export function indexOf(stage: Pick<Stage, 'run'>, name: string): number {
  const tenant = tenantOf(stage.run);
  return name.startsWith(tenant) ? Number(name.slice(tenant.length)) : -1;
}

/** What the names of all its users begin with. */
export function tenantOf(run: number): string {
  return `r${run}-u`;
}

/** Notes an act of the laboratory. */
export function mark(stage: Stage, kind: EventKind, detail: string): void {
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

/** Waits until it is so, or until `limitMs` have passed. */
export async function waitFor(stage: Stage, limitMs: Ms, condition: () => boolean): Promise<void> {
  const untilMs = stage.clock.now() + limitMs;
  while (!condition() && stage.clock.now() < untilMs) {
    stage.signal.throwIfAborted();
    await passes(stage.clock, lookEveryMs);
  }
}

export function passes(clock: Clock, delayMs: Ms): Promise<void> {
  return new Promise((resolve) => void clock.after(delayMs, resolve));
}
