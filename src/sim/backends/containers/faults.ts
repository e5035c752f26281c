/** Acts on the containers of a cluster and proves by measurement that it took effect. */
import type { Clock } from '../../../system/index.ts';
import { describeExit } from '../../../system/node.ts';
import type { Fault, FaultReceipt } from '../../faults/fault.ts';
import { applyLinkFault } from '../../links/link-faults.ts';
import { Problem } from '../../problem.ts';
import type { ClusterSpec } from '../../scenario.ts';
import { answersReady, percent, refusesConnections, waitUntil } from '../processes/proof.ts';
import type { ContainerCluster } from './cluster.ts';
import { pauseDatabase, resumeDatabase, startDatabase, stopDatabase } from './database-faults.ts';
import { limitCpus } from './limits.ts';
import { exitOf, followLog, type Part } from './part.ts';

export interface FaultWorld {
  readonly parts: ContainerCluster;
  readonly clock: Clock;
  readonly spec: ClusterSpec;
  /** From then on nothing is waited for. */
  readonly signal: AbortSignal;
}

export function createContainerFaults(world: FaultWorld): (fault: Fault) => Promise<FaultReceipt> {
  return (fault) => act(world, fault);
}

/** Starts a container that has ended; its log goes on in the same file. */
export async function startAgain({ parts, clock }: FaultWorld, part: Part): Promise<void> {
  if (part.wanted === 'up') throw new Problem(`${part.name} is running already.`);
  const sinceMs = clock.wall();
  await part.container.start();
  part.lives += 1;
  part.wanted = 'up';
  await followLog(parts.engine.docker, part.container, part.logFile, sinceMs);
}

export function mustRun(part: Part): Part {
  if (part.wanted === 'down') throw new Problem(`${part.name} is not running.`);
  return part;
}

export function shortId({ container }: Part): string {
  return container.id.slice(0, 12);
}

// ---

const readyMs = 10_000;
/** Longer than a server takes to drain with default settings. */
const graceSec = 15;

function act(world: FaultWorld, fault: Fault): Promise<FaultReceipt> {
  switch (fault.kind) {
    case 'kill':
    case 'drain':
      return takeDown(world, server(world, fault.server), fault.kind);
    case 'start':
      return bringUp(world, server(world, fault.server));
    case 'pause':
      return pause(world, server(world, fault.server));
    case 'resume':
      return resume(world, server(world, fault.server));
    case 'slow':
      return slow(world, server(world, fault.server), fault.cpuShare);
    case 'balancerKill':
      return takeDown(world, balancer(world, fault.balancer), 'kill');
    case 'balancerStart':
      return bringUp(world, balancer(world, fault.balancer));
    case 'databaseStop':
      return stopDatabase(world, fault.how);
    case 'databaseStart':
      return startDatabase(world);
    case 'databasePause':
      return pauseDatabase(world);
    case 'databaseResume':
      return resumeDatabase(world);
    case 'disconnect':
      return disconnect(world, server(world, fault.server));
    case 'reconnect':
      return reconnect(world, server(world, fault.server));
    case 'linkSlow':
    case 'linkCut':
    case 'linkHalfOpen':
    case 'linkReset':
    case 'linkOpen':
      return applyLinkFault({ links: world.parts.links, clock: world.clock }, fault);
  }
}

function server({ parts }: FaultWorld, name: string): Part {
  return named('server', parts.servers, name);
}

function balancer({ parts }: FaultWorld, name: string): Part {
  return named('balancer', parts.balancers, name);
}

function named(role: string, among: readonly Part[], name: string): Part {
  const part = among.find((one) => one.name === name);
  if (part !== undefined) return part;
  throw new Problem(`There is no ${role} "${name}". Known: ${among.map((one) => one.name).join(', ')}.`);
}

async function takeDown({ parts, clock }: FaultWorld, part: Part, how: 'kill' | 'drain'): Promise<FaultReceipt> {
  const { container, port } = mustRun(part);
  const atMs = clock.now();
  part.wanted = 'down';
  if (how === 'kill') await container.kill({ signal: 'SIGKILL' });
  else await container.stop({ t: graceSec });
  await container.wait();
  const tookMs = Math.round(clock.now() - atMs);
  const { State } = await container.inspect();
  const exit = exitOf(State.ExitCode);
  const refused = await refusesConnections(port, parts.engine.host);
  const proof =
    `container ${shortId(part)} ${describeExit(exit)} after ${tookMs} ms, ` +
    `and port ${port} ${refused ? 'refuses connections' : 'still takes connections'}`;
  const asAsked = how === 'kill' ? exit.signal === 'SIGKILL' : exit.code === 0;
  return { effective: asAsked && refused && !State.Running, proof, atMs };
}

async function bringUp(world: FaultWorld, part: Part): Promise<FaultReceipt> {
  const { clock, signal } = world;
  const fromMs = clock.now();
  await startAgain(world, part);
  const ready = await waitUntil(() => answersReady(part.origin), readyMs, signal);
  const atMs = clock.now();
  const took = `after ${Math.round(atMs - fromMs)} ms`;
  return {
    effective: ready,
    proof: `container ${shortId(part)} ${ready ? 'was ready' : 'was not ready'} ${took}`,
    atMs,
  };
}

async function pause({ clock }: FaultWorld, part: Part): Promise<FaultReceipt> {
  const { container, origin } = mustRun(part);
  await container.pause();
  const atMs = clock.now();
  const answers = await answersReady(origin).catch(() => false);
  const { State } = await container.inspect();
  const proof =
    `container ${shortId(part)} ${State.Paused ? 'is paused' : 'was not paused'} ` +
    `and ${answers ? 'still answers' : 'does not answer'}`;
  return { effective: State.Paused && !answers, proof, atMs };
}

async function resume({ spec, clock, signal }: FaultWorld, part: Part): Promise<FaultReceipt> {
  const { container, origin } = mustRun(part);
  const { State } = await container.inspect();
  if (State.Paused) await container.unpause();
  const share = shareOf(spec, part);
  const { limit } = await limitCpus(container, share);
  const answers = await waitUntil(() => answersReady(origin), readyMs, signal);
  const proof = `container ${shortId(part)} ${answers ? 'runs and is ready' : 'is not ready'} with a quota of ${limit} cores`;
  return { effective: answers && limit === share, proof, atMs: clock.now() };
}

async function slow({ clock }: FaultWorld, part: Part, share: number): Promise<FaultReceipt> {
  const { container } = mustRun(part);
  const atMs = clock.now();
  const { limit, used } = await limitCpus(container, share);
  const proof =
    `the kernel holds container ${shortId(part)} to ${percent(limit)} of a core (wanted ${percent(share)}), ` +
    `and it used ${percent(used)}`;
  return { effective: Math.abs(limit - share) < 0.01 && used <= share * (1 + shareTolerance) + 0.02, proof, atMs };
}

async function disconnect({ parts, clock }: FaultWorld, part: Part): Promise<FaultReceipt> {
  const { container, origin } = mustRun(part);
  await parts.engine.docker.getNetwork(parts.network).disconnect({ Container: container.id });
  const atMs = clock.now();
  const answers = await answersReady(origin).catch(() => false);
  const networks = await networksOf(part);
  const proof = `container ${shortId(part)} is on ${networks} networks and ${answers ? 'still answers' : 'does not answer'}`;
  return { effective: networks === 0 && !answers, proof, atMs };
}

async function reconnect({ parts, clock, signal }: FaultWorld, part: Part): Promise<FaultReceipt> {
  const { container, origin } = mustRun(part);
  await parts.engine.docker.getNetwork(parts.network).connect({ Container: container.id });
  const answers = await waitUntil(() => answersReady(origin), readyMs, signal);
  const proof = `container ${shortId(part)} is on ${await networksOf(part)} networks and ${answers ? 'is ready' : 'is not ready'}`;
  return { effective: answers, proof, atMs: clock.now() };
}

async function networksOf({ container }: Part): Promise<number> {
  const { NetworkSettings } = await container.inspect();
  return Object.keys(NetworkSettings.Networks).length;
}

/** A quota is for each tenth of a second, and the window begins and ends within one. */
const shareTolerance = 0.25;

function shareOf(spec: ClusterSpec, part: Part): number {
  return spec.servers[Number(part.name.slice(1)) - 1]!.cpuShare;
}
