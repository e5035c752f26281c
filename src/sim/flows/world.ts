/** The world of a flow: everything that is not an operation, drawn from one seed and shrunk so that rare paths are ordinary. */
import { createSeededRandom, type Ms, type Random, strategyNames } from '../../system/index.ts';
import { type VirtualSettings, virtualDefaults } from '../backends/virtual/index.ts';
import { type ClusterSpec, clusterSpec } from '../scenario.ts';
import { type Flow, flowLimits } from './operation.ts';

export interface FlowWorld {
  readonly spec: ClusterSpec;
  readonly virtual: Partial<VirtualSettings>;
  readonly session: { readonly backoffBaseMs: Ms; readonly backoffMaxMs: Ms; readonly ackDelayMs: Ms };
  /** When nothing has happened for so long, nothing will: above every timer that recovers something. */
  readonly quietMs: Ms;
  /** Whether links between balancer, servers and database can be disturbed. */
  readonly links: boolean;
  /** How long a server waits for an answer of the database. */
  readonly answerMs: Ms;
}

export function drawWorld(flow: Pick<Flow, 'world' | 'servers'>): FlowWorld {
  const random = createSeededRandom(flow.world).fork('world of the flow');
  const server = drawServerSettings(random.fork('server'));
  const answerMs = pick(random.fork('answer'), [100, 300]);
  return {
    spec: clusterSpec.parse({
      servers: Array.from({ length: flow.servers }, () => ({})),
      strategy: pick(random.fork('strategy'), strategyNames),
      probeMs: pick(random.fork('probe'), [100, 250]),
      server,
    }),
    virtual: { ...drawVirtual(random.fork('virtual')), answerMs },
    session: drawSession(random.fork('session')),
    quietMs: 2 * Math.max(server.backstopMs, server.recheckMs) + 100,
    links: true,
    answerMs,
  };
}

/** One cluster for many flows on real machines, where a fresh one for each would be too dear. */
export function sharedWorld({ links }: { readonly links: boolean }): FlowWorld {
  const server = {
    ...generous,
    heartbeatMs: 1000,
    backstopMs: 250,
    recheckMs: 500,
    ackFlushMs: 20,
    backlogPage: 2,
    batchWaitMs: 1,
  };
  return {
    spec: clusterSpec.parse({ servers: Array.from({ length: flowLimits.servers }, () => ({})), probeMs: 100, server }),
    virtual: {},
    session: { backoffBaseMs: 20, backoffMaxMs: 200, ackDelayMs: 5 },
    quietMs: 1200,
    links,
    answerMs: 30_000,
  };
}

// ---

/** Sign-in limits are about strangers, not about the promises that flows put to the test. */
const generous = { signInPerMinutePerName: 100_000, signInPerMinutePerAddress: 100_000 } as const;

function drawServerSettings(random: Random) {
  const of = <T>(...choices: readonly T[]): T => pick(random, choices);
  return {
    ...generous,
    heartbeatMs: of(200, 1000, 15_000),
    helloMs: of(500, 10_000),
    batchWaitMs: of(0, 1, 4),
    batchSizeMax: of(1, 2, 512),
    changesMax: of(1, 8),
    repeatFirstMs: of(50, 5000),
    ackFlushMs: of(0, 5, 50),
    backstopMs: of(150, 400),
    recheckMs: of(150, 400),
    gapWaitMs: of(0, 2, 25),
    slowReaderMs: of(200, 30_000),
    sessionBufferBytesMax: of(3000, 20_000, 1_048_576),
    backlogPage: of(1, 2, 3, 128),
    readsMax: of(1, 8),
    hintFrameCharsMax: of(0, 300, 2048),
    retryMs: of(10, 500),
    drainMs: of(20, 1000),
    ...(random.next() < 0.4 && { expiryMs: of(20, 100, 400), expiryEveryMs: of(10, 50), expiryBatch: of(1, 3, 1000) }),
  };
}

function drawVirtual(random: Random): Partial<VirtualSettings> {
  const of = <T>(...choices: readonly T[]): T => pick(random, choices);
  const slow = random.next() < 0.2;
  return {
    userLink: {
      baseMs: of(0.1, 1, 5),
      jitterMs: of(0.1, 1, 10),
      bytesPerMs: slow ? of(20, 100) : virtualDefaults.userLink.bytesPerMs,
      bufferBytes: of(500, 4000, virtualDefaults.userLink.bufferBytes),
    },
    serverLink: { ...virtualDefaults.serverLink, jitterMs: of(0.05, 1) },
    storeLink: { baseMs: of(0.1, 0.5), jitterMs: of(0.1, 2, 10) },
    bus: { baseMs: of(0.1, 1), jitterMs: of(0.2, 5, 50), lost: of(0, 0.05, 0.4), doubled: of(0, 0.05, 0.4) },
    orphanCommits: of(0, 0.5, 1),
    bootMs: of(1, 30),
  };
}

function drawSession(random: Random): FlowWorld['session'] {
  const of = <T>(...choices: readonly T[]): T => pick(random, choices);
  return { backoffBaseMs: of(1, 10, 50), backoffMaxMs: of(50, 200), ackDelayMs: of(0, 1, 20) };
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random.next() * choices.length)]!;
}
