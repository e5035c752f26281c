import type { Cluster } from '../../../src/sim/backends/backend.ts';
import { createVirtualBackend, type VirtualSettings } from '../../../src/sim/backends/virtual/index.ts';
import { clusterSpec } from '../../../src/sim/scenario.ts';
import {
  type ClientSession,
  type ConversationId,
  createSeededRandom,
  createSession,
  type Entry,
  signIn,
  signUp,
  type Transport,
} from '../../../src/system/index.ts';

export interface VirtualOrder {
  readonly seed?: number;
  readonly servers?: number;
  readonly settings?: Partial<VirtualSettings>;
  readonly server?: Record<string, number>;
  readonly strategy?: string;
  readonly signal?: AbortSignal;
}

/** Runs `work` on a fresh virtual cluster. */
export function runVirtual<T>(order: VirtualOrder, work: (cluster: Cluster) => Promise<T>): Promise<T> {
  const servers = Array.from({ length: order.servers ?? 2 }, () => ({}));
  return createVirtualBackend(order.settings).run(
    {
      spec: clusterSpec.parse({
        servers,
        probeMs: 100,
        server: order.server ?? {},
        strategy: order.strategy ?? 'round-robin',
      }),
      seed: order.seed ?? 1,
      logDirectory: null,
      log: { write: () => undefined },
      signal: order.signal ?? new AbortController().signal,
    },
    work,
  );
}

export interface VirtualUser {
  readonly name: string;
  readonly transport: Transport;
  readonly session: ClientSession;
  /** What the application was shown. */
  readonly shown: Entry[];
  /** Places of one's own accepted operations, by client id. */
  readonly accepted: Map<
    number,
    { readonly conversation: ConversationId; readonly seq: number; readonly atMs: number }
  >;
  readonly closes: number[];
}

/** Signs user `index` up and in, and connects. */
export async function createUser(cluster: Cluster, index: number): Promise<VirtualUser> {
  const name = `u${index}`;
  const transport = cluster.connect(index, createSeededRandom(index));
  await signUp(transport, { name, password: 'a password' });
  const answer = await signIn(transport, { name, password: 'a password', device: 'test' });
  if (answer.kind !== 'ok') throw new Error(`${name} could not sign in: ${JSON.stringify(answer)}`);
  const shown: Entry[] = [];
  const accepted: VirtualUser['accepted'] = new Map();
  const closes: number[] = [];
  const session = createSession(
    { clock: cluster.clock, random: createSeededRandom(index), log: { write: () => undefined }, transport },
    { token: answer.value.token, device: answer.value.device, backoffBaseMs: 10, backoffMaxMs: 50, ackDelayMs: 1 },
    {
      entry: (entry) => void shown.push(entry),
      accepted: ({ clientId, conversation, seq }) =>
        void accepted.set(clientId, { conversation, seq, atMs: cluster.clock.now() }),
      disconnected: ({ code }) => void closes.push(code),
    },
  );
  session.start();
  await until(cluster, () => session.state === 'online');
  return { name, transport, session, shown, accepted, closes };
}

/** A direct conversation between two users. */
export async function openDirect(cluster: Cluster, one: VirtualUser, other: VirtualUser): Promise<ConversationId> {
  const clientId = one.session.openDirect(other.name as never);
  await until(cluster, () => one.accepted.has(clientId));
  return one.accepted.get(clientId)!.conversation;
}

/** Waits for virtual time to pass until it is so; throws after a virtual minute. */
export async function until(cluster: Cluster, condition: () => boolean): Promise<void> {
  const lastMs = cluster.clock.now() + 60_000;
  while (!condition()) {
    if (cluster.clock.now() > lastMs) throw new Error(`It was still not so after a virtual minute: ${condition}`);
    await passes(cluster, 1);
  }
}

export function passes(cluster: Cluster, delayMs: number): Promise<void> {
  return new Promise((resolve) => void cluster.clock.after(delayMs, resolve));
}

export async function storedIn(cluster: Cluster): Promise<number> {
  let count = 0;
  for await (const _ of cluster.stored()) count++;
  return count;
}
