/** One run of one flow, from a fresh world or on a shared cluster to what is wrong with it. */
import { judge, type Verdict } from '../../metrics/index.ts';
import { createSeededRandom, type Log } from '../../system/index.ts';
import type { Backend, Cluster } from '../backends/backend.ts';
import type { BackendName } from '../backends/index.ts';
import { createVirtualBackend, type VirtualSettings } from '../backends/virtual/index.ts';
import { unknownName } from '../problem.ts';
import { executeFlow, type FlowRun } from './execute.ts';
import { type Flow, linkOf, linkSides } from './operation.ts';
import { drawWorld, type FlowWorld, sharedWorld } from './world.ts';

/** A defect to plant in the virtual world: ports wrapped so that they break a promise. */
export type Defect = Partial<Pick<VirtualSettings, 'wrapStore' | 'wrapBus'>>;

export interface Trial {
  /** What is wrong, one sentence each; empty if nothing is. */
  readonly findings: readonly Finding[];
  readonly verdicts: readonly Verdict[];
  /** Null when the run did not come to its end. */
  readonly run: FlowRun | null;
}

export interface Finding {
  /** The check that found it, or `recovers`, `one-tenant`, `runs`. */
  readonly check: string;
  readonly what: string;
}

/** Where flows run, one after the other; each is a tenant of its own. */
export interface TrialGround {
  /** Settings of servers and links were shrunk with the seed of each flow. */
  readonly worldsDiffer: boolean;
  try(flow: Flow): Promise<Trial>;
}

export interface GroundOrder {
  readonly backend: BackendName;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** For the virtual world only. */
  readonly defect?: Defect | undefined;
}

/** Virtual: a fresh cluster for every flow. Real machines: one cluster, started before and stopped after `work`. */
export async function onGround<T>(order: GroundOrder, work: (ground: TrialGround) => Promise<T>): Promise<T> {
  if (order.backend === 'virtual') return work(virtualGround(order));
  // What runs on virtual time needs no database and no sockets: they are loaded only now.
  const { backends } = await import('../backends/index.ts');
  const backend = (backends as Readonly<Record<string, Backend>>)[order.backend];
  if (!backend) throw unknownName('backend', order.backend, Object.keys(backends));
  return sharedGround(backend, order, work);
}

// ---

const silent: Log = { write: () => undefined };

function orderOf({ spec }: FlowWorld, { seed, signal }: { seed: number; signal: AbortSignal }) {
  return { spec, seed, logDirectory: null, log: silent, signal };
}

function linksIn({ spec }: FlowWorld): readonly string[] {
  return spec.servers.flatMap((_, index) => linkSides.map((side) => linkOf({ server: index + 1, side })));
}

function execute(order: {
  flow: Flow;
  world: FlowWorld;
  cluster: Cluster;
  run: number;
  signal: AbortSignal;
}): Promise<FlowRun> {
  return executeFlow({ ...order, random: createSeededRandom(order.flow.world).fork('users') });
}

/** A run that throws is a finding too: a defect of the system, or one of ours. */
async function judged(start: () => Promise<FlowRun>): Promise<Trial> {
  let run: FlowRun;
  try {
    run = await start();
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { findings: [{ check: 'runs', what }], verdicts: [], run: null };
  }
  const verdicts = await judge(run.history);
  const failed = verdicts.filter(({ result }) => result === 'fail');
  return {
    findings: [
      ...failed.map(({ check, summary, evidence }) => ({ check, what: evidence[0]?.what ?? summary })),
      ...run.stuck.map((what) => ({ check: 'recovers', what })),
      ...run.strangers.map((what) => ({ check: 'one-tenant', what })),
    ],
    verdicts,
    run,
  };
}

function virtualGround({ defect, signal }: GroundOrder): TrialGround {
  return {
    worldsDiffer: true,
    try(flow) {
      const world = drawWorld(flow);
      const backend = createVirtualBackend({ ...world.virtual, ...defect });
      return judged(() =>
        backend.run(orderOf(world, { seed: flow.world, signal }), (cluster) =>
          // Each in a world of its own, where it is the only one: longer names would take longer on the way.
          execute({ flow, world, cluster, run: 1, signal }),
        ),
      );
    },
  };
}

function sharedGround<T>(
  backend: Backend,
  { seed, signal }: GroundOrder,
  work: (ground: TrialGround) => Promise<T>,
): Promise<T> {
  // Elsewhere the machine may be another one, which has no way back to proxies on this one.
  const world = sharedWorld({ links: backend.name === 'processes' });
  const links = world.links ? linksIn(world) : [];
  return backend.run({ ...orderOf(world, { seed, signal }), links }, (cluster) => {
    let runs = 0;
    return work({
      worldsDiffer: false,
      try: async (flow) => {
        cluster.signal.throwIfAborted();
        return judged(() => execute({ flow, world, cluster, run: ++runs, signal: cluster.signal }));
      },
    });
  });
}
