import type { Clock } from '../../../system/index.ts';
import { type ComponentView, describeExit, type LocalCluster } from '../../../system/node.ts';
import type { Fault, FaultReceipt } from '../../faults/fault.ts';
import { applyLinkFault } from '../../links/link-faults.ts';
import type { Links } from '../../links/links.ts';
import { Problem } from '../../problem.ts';
import { pauseDatabase, resumeDatabase, startDatabase, stopDatabase } from './database-faults.ts';
import { readStat } from './proc.ts';
import { answersReady, observe, percent, refusesConnections, waitUntil } from './proof.ts';
import type { Throttle } from './throttle.ts';

export interface FaultWorld {
  readonly local: LocalCluster;
  readonly throttle: Throttle;
  readonly links: Links;
  readonly clock: Clock;
  /** From then on nothing is waited for. */
  readonly signal: AbortSignal;
  /** Share of time that each server has when nothing disturbs it, by name. */
  readonly shares: ReadonlyMap<string, number>;
}

/** Acts on the processes and proves by measurement that it took effect. */
export interface Faults {
  apply(fault: Fault): Promise<FaultReceipt>;
  /** Slows the servers that have less than a whole share from the start; rejects with a `Problem` when that fails. */
  begin(): Promise<void>;
}

export function createFaults(world: FaultWorld): Faults {
  return {
    apply: (fault) => act(world, fault),
    begin: async () => {
      const slowed = [...world.shares].filter(([, share]) => share < 1);
      if (slowed.length > 0 && readStat(process.pid) === null) throw new Problem(noProc);
      await Promise.all(slowed.map(([server, share]) => mustSlow(world, server, share)));
    },
  };
}

// ---

const noProc =
  'This machine has no /proc, so nobody could tell whether a server is slowed: give every server a cpuShare of 1, or use --backend virtual.';
const readyMs = 10_000;
const stopMs = 1000;
/** Long enough for many periods of the duty cycle. */
const observeMs = 600;
/** How far the measured share may lie from the wanted one: the observation is a sample of it. */
const shareTolerance = 0.15;

async function act(world: FaultWorld, fault: Fault): Promise<FaultReceipt> {
  switch (fault.kind) {
    case 'kill':
      return takeDown(world, fault.server, 'kill');
    case 'drain':
      return takeDown(world, fault.server, 'drain');
    case 'start':
      return bringUp(world, fault.server);
    case 'pause':
      return pause(world, fault.server);
    case 'resume':
      return resume(world, fault.server);
    case 'slow':
      return slow(world, fault.server, fault.cpuShare);
    case 'balancerKill':
      return takeDown(world, fault.balancer, 'kill');
    case 'balancerStart':
      return bringUp(world, fault.balancer);
    case 'databaseStop':
      return stopDatabase(world, fault.how);
    case 'databaseStart':
      return startDatabase(world);
    case 'databasePause':
      return pauseDatabase(world);
    case 'databaseResume':
      return resumeDatabase(world);
    case 'linkSlow':
    case 'linkCut':
    case 'linkHalfOpen':
    case 'linkReset':
    case 'linkOpen':
      return applyLinkFault(world, fault);
    case 'disconnect':
    case 'reconnect':
      throw new Problem('A process has no network of its own: disconnect works with --backend containers.');
  }
}

async function takeDown({ local, clock }: FaultWorld, name: string, how: 'kill' | 'drain'): Promise<FaultReceipt> {
  const { pid, port } = running(local, name);
  const atMs = clock.now();
  const exit = await local[how](name);
  const refused = await refusesConnections(port);
  const proof =
    `process ${pid} ${describeExit(exit)} after ${Math.round(clock.now() - atMs)} ms, ` +
    `and port ${port} ${refused ? 'refuses connections' : 'still takes connections'}`;
  const asAsked = how === 'kill' ? exit.signal === 'SIGKILL' : exit.code === 0;
  return { effective: asAsked && refused && readStat(pid) === null, proof, atMs };
}

async function bringUp({ local, throttle, clock, shares, signal }: FaultWorld, name: string): Promise<FaultReceipt> {
  const fromMs = clock.now();
  await local.start(name);
  const { pid, origin } = running(local, name);
  throttle.set({ pid, share: shares.get(name) ?? 1 });
  const ready = await waitUntil(() => answersReady(origin), readyMs, signal);
  const atMs = clock.now();
  const proof = `process ${pid} ${ready ? 'was ready' : 'was not ready'} after ${Math.round(atMs - fromMs)} ms`;
  return { effective: ready, proof, atMs };
}

async function pause({ local, throttle, clock }: FaultWorld, server: string): Promise<FaultReceipt> {
  const { pid } = running(local, server);
  throttle.set({ pid, share: 0 });
  const stopped = await waitUntil(async () => readStat(pid)?.state === 'T', stopMs);
  const atMs = clock.now();
  const { cpuShare } = await observe(pid, clock, observeMs / 2);
  const proof = `process ${pid} ${stopped ? 'is stopped' : 'was not stopped'} and used ${percent(cpuShare)} of a core`;
  return { effective: stopped && cpuShare < 0.05, proof, atMs };
}

async function resume({ local, throttle, clock, shares, signal }: FaultWorld, server: string): Promise<FaultReceipt> {
  const { pid, origin } = running(local, server);
  throttle.set({ pid, share: shares.get(server) ?? 1 });
  const answers = await waitUntil(() => answersReady(origin), readyMs, signal);
  return {
    effective: answers,
    proof: `process ${pid} ${answers ? 'runs and is ready' : 'is not ready'}`,
    atMs: clock.now(),
  };
}

async function slow({ local, throttle, clock }: FaultWorld, server: string, share: number): Promise<FaultReceipt> {
  const { pid } = running(local, server);
  const atMs = clock.now();
  throttle.set({ pid, share });
  await waitUntil(async () => readStat(pid)?.state === 'T', stopMs);
  const { runShare, cpuShare } = await observe(pid, clock, observeMs);
  const proof = `process ${pid} may run ${percent(runShare)} of the time (wanted ${percent(share)}) and used ${percent(cpuShare)} of a core`;
  return { effective: Math.abs(runShare - share) <= shareTolerance, proof, atMs };
}

async function mustSlow(world: FaultWorld, server: string, share: number): Promise<void> {
  const { effective, proof } = await slow(world, server, share);
  if (!effective) throw new Problem(`${server} could not be slowed: ${proof}. The machine may be too busy for it.`);
}

type Running = ComponentView & { readonly pid: number };

function running(local: LocalCluster, name: string): Running {
  const role = name.startsWith('b') ? 'balancer' : 'server';
  const views = role === 'balancer' ? local.balancers : local.servers;
  const view = views.find((one) => one.name === name);
  if (view === undefined) {
    throw new Problem(`There is no ${role} "${name}". Known: ${views.map((one) => one.name).join(', ')}.`);
  }
  if (view.pid === null) throw new Problem(`${name} is not running.`);
  return { ...view, pid: view.pid };
}
