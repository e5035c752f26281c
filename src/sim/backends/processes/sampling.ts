import type { ComponentSample } from '../../../metrics/index.ts';
import type { Clock, ServerStats, Transport } from '../../../system/index.ts';
import {
  type BalancerProcessStats,
  type ComponentView,
  createWsTransport,
  type LocalCluster,
} from '../../../system/node.ts';
import { readChildren, readMemory, readStat } from './proc.ts';

/** What each component did since the last call: CPU and memory from `/proc`, the rest from its own `/stats`. */
export function createSampling(local: LocalCluster, clock: Clock): () => Promise<readonly ComponentSample[]> {
  const views = () => [...local.servers, ...local.balancers];
  const pidOf = (name: string) => views().find((view) => view.name === name)?.pid ?? null;
  const components = views().map((view) => watchComponent(view, () => pidOf(view.name)));
  const database = local.database.pid === null ? [] : [watchDatabase(() => local.database.pid)];
  const watches = [...components, ...database];
  for (const watch of watches) watch.mark(clock.now());
  return () => Promise.all(watches.map((watch) => watch.sample(clock)));
}

// ---

interface Watch {
  /** Begins the first window. */
  mark(nowMs: number): void;
  sample(clock: Clock): Promise<ComponentSample>;
}

/** What a component has used up to a moment; `pid` tells when it is another process than before. */
interface Usage {
  readonly pid: number;
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

type Measured = Pick<ComponentSample, 'cpuFraction' | 'cpuMicros' | 'rssBytes'>;

/** Turns readings of CPU into its use per window. */
function createMeter(): (nowMs: number, usage: Usage | null) => Measured {
  let last = { atMs: 0, pid: 0, cpuMicros: 0 };
  return (nowMs, usage) => {
    if (usage === null) {
      last = { atMs: nowMs, pid: 0, cpuMicros: 0 };
      return { cpuFraction: 0, cpuMicros: null, rssBytes: null };
    }
    // A process that was not there before has used all of its CPU in this window.
    const usedMicros = usage.pid === last.pid ? usage.cpuMicros - last.cpuMicros : usage.cpuMicros;
    const windowMs = nowMs - last.atMs;
    last = { atMs: nowMs, pid: usage.pid, cpuMicros: usage.cpuMicros };
    const cpuFraction = windowMs > 0 ? usedMicros / 1000 / windowMs : 0;
    return { cpuFraction, cpuMicros: usage.cpuMicros, rssBytes: usage.rssBytes };
  };
}

function watchComponent({ name, role, origin }: ComponentView, pid: () => number | null): Watch {
  const measure = createMeter();
  const transport = createWsTransport({ origin, requestMs: statsMs });
  let last: Reading | null = null;
  return {
    mark: (nowMs) => void measure(nowMs, usageOf(pid())),
    sample: async (clock) => {
      const stats = pid() === null ? null : await askStats(transport);
      const tMs = clock.now();
      const head = { ...blank(tMs, name, role), ...measure(tMs, usageOf(pid())) };
      if (stats === null || 'connections' in stats) return { ...head, ...balancerPart(stats) };
      const now = { atMs: tMs, stats };
      const rates = ratesBetween(last, now);
      last = now;
      return { ...head, ...serverPart(stats), ...rates };
    },
  };
}

function watchDatabase(pid: () => number | null): Watch {
  const measure = createMeter();
  return {
    mark: (nowMs) => void measure(nowMs, databaseUsage(pid())),
    sample: async (clock) => {
      const tMs = clock.now();
      return { ...blank(tMs, 'database', 'database'), ...measure(tMs, databaseUsage(pid())) };
    },
  };
}

function usageOf(pid: number | null): Usage | null {
  const stat = pid === null ? null : readStat(pid);
  if (pid === null || stat === null) return null;
  return { pid, cpuMicros: stat.cpuMicros, rssBytes: readMemory(pid)?.rssBytes ?? 0 };
}

/**
 * The postmaster and its children. CPU of a child that ends goes over to the postmaster's account, so the sum only grows.
 * Shared buffers stand in every child's memory and are counted once.
 */
function databaseUsage(pid: number | null): Usage | null {
  const postmaster = pid === null ? null : readStat(pid);
  if (pid === null || postmaster === null) return null;
  const children = readChildren(pid);
  const childrenMicros = sum(children.map((child) => readStat(child)?.cpuMicros ?? 0));
  const memories = [pid, ...children].map(readMemory).filter((memory) => memory !== null);
  const sharedBytes = Math.max(0, ...memories.map((memory) => memory.sharedBytes));
  return {
    pid,
    cpuMicros: postmaster.cpuMicros + postmaster.childrenCpuMicros + childrenMicros,
    rssBytes: sharedBytes + sum(memories.map((memory) => memory.rssBytes - memory.sharedBytes)),
  };
}

const statsMs = 500;

/** Null when it does not answer in time: paused, overloaded or gone. */
async function askStats(transport: Transport): Promise<ServerStats | BalancerProcessStats | null> {
  try {
    const { status, body } = await transport.request({ method: 'GET', path: '/stats', body: '' });
    return status === 200 ? JSON.parse(body) : null;
  } catch {
    return null;
  }
}

function blank(tMs: number, name: string, role: ComponentSample['role']): ComponentSample {
  return {
    tMs,
    name,
    role,
    cpuFraction: 0,
    cpuMicros: null,
    rssBytes: null,
    eventLoopP99Ms: null,
    sessions: null,
    acceptedPerSec: null,
    deliveredPerSec: null,
    inFlight: null,
  };
}

function balancerPart(stats: BalancerProcessStats | null): Partial<ComponentSample> {
  return stats === null ? {} : { sessions: stats.connections, eventLoopP99Ms: stats.eventLoopP99Ms };
}

function serverPart({ sessions, inFlight, eventLoopP99Ms }: ServerStats): Partial<ComponentSample> {
  return { sessions, inFlight, eventLoopP99Ms };
}

type Reading = { readonly atMs: number; readonly stats: ServerStats };

/** From the totals, over exactly this window; from the server's own rates when there is no earlier reading of this process. */
function ratesBetween(from: Reading | null, to: Reading): Pick<ComponentSample, 'acceptedPerSec' | 'deliveredPerSec'> {
  const { acceptedPerSec, deliveredPerSec } = to.stats;
  const seconds = from === null ? 0 : (to.atMs - from.atMs) / 1000;
  if (from === null || seconds <= 0 || to.stats.uptimeMs < from.stats.uptimeMs)
    return { acceptedPerSec, deliveredPerSec };
  return {
    acceptedPerSec: (to.stats.acceptedTotal - from.stats.acceptedTotal) / seconds,
    deliveredPerSec: (to.stats.deliveredTotal - from.stats.deliveredTotal) / seconds,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
