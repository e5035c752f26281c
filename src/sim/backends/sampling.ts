/** What each component of a real cluster did since it was last looked at: its use of the machine, and its own `/stats`. */

import type { ComponentSample } from '../../metrics/index.ts';
import type { Clock, ServerStats, Transport } from '../../system/index.ts';
import { type BalancerProcessStats, createWsTransport } from '../../system/node.ts';
import { blankSample } from './blank-sample.ts';

/** A component that can be looked at. */
export interface Watched {
  readonly name: string;
  readonly role: 'server' | 'balancer' | 'database';
  /** Where `/stats` is asked for; null: it has none. */
  readonly origin: string | null;
  /** Null while it is down. */
  usage(): Promise<Usage | null>;
}

/** What a component has used up to a moment. */
export interface Usage {
  /** When it was read, on the cluster's clock, if not just now. */
  readonly atMs?: number;
  /** Another one when the counters have begun anew. */
  readonly life: number | string;
  readonly cpuMicros: number;
  readonly rssBytes: number;
  /** Only of containers. */
  readonly container?: ContainerUsage;
}

/** Counters of a container since it was started. */
export interface ContainerUsage {
  /** Time in which it wanted to run and its CPU quota was used up, summed over its threads. */
  readonly throttledMicros: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** The first window begins now. */
export function createSampling(watched: readonly Watched[], clock: Clock): () => Promise<readonly ComponentSample[]> {
  const watches = watched.map((one) => watch(one, clock));
  const begun = Promise.all(watches.map(({ begin }) => begin()));
  return async () => {
    await begun;
    return Promise.all(watches.map(({ sample }) => sample()));
  };
}

// ---

interface Watch {
  begin(): Promise<unknown>;
  sample(): Promise<ComponentSample>;
}

function watch({ name, role, origin, usage }: Watched, clock: Clock): Watch {
  const measure = createMeter();
  const transport = origin === null ? null : createWsTransport({ origin, requestMs: statsMs });
  let last: Reading | null = null;
  const read = async () => measure(await usage(), clock.now());
  return {
    begin: read,
    sample: async () => {
      const [stats, measured] = await Promise.all([transport === null ? null : askStats(transport), read()]);
      const tMs = clock.now();
      const head = { ...blankSample(tMs, name, role), ...measured };
      if (stats === null || 'connections' in stats) return { ...head, ...balancerPart(stats) };
      const now = { atMs: tMs, stats };
      const rates = ratesBetween(last, now);
      last = now;
      return { ...head, ...serverPart(stats), ...rates };
    },
  };
}

type Measured = Pick<
  ComponentSample,
  'cpuFraction' | 'cpuMicros' | 'rssBytes' | 'throttledFraction' | 'receivedBytesPerSec' | 'sentBytesPerSec'
>;

/** Turns readings of counters into their growth per window. */
function createMeter(): (usage: Usage | null, nowMs: number) => Measured {
  let last: { readonly atMs: number; readonly usage: Usage | null } = { atMs: 0, usage: null };
  let measured: Measured = { cpuFraction: 0, cpuMicros: null, rssBytes: null };
  return (usage, nowMs) => {
    const before = last;
    last = { atMs: usage?.atMs ?? nowMs, usage };
    if (usage === null) return { cpuFraction: 0, cpuMicros: null, rssBytes: null };
    const windowMs = last.atMs - before.atMs;
    // The same reading again: nothing new is known.
    if (windowMs === 0 && before.usage !== null) return measured;
    const perMs = (of: (usage: Usage) => number): number => {
      // One that was not there before has used all of it in this window.
      const used = before.usage?.life === usage.life ? of(usage) - of(before.usage) : of(usage);
      return windowMs > 0 ? used / windowMs : 0;
    };
    measured = {
      cpuFraction: perMs(({ cpuMicros }) => cpuMicros) / 1000,
      cpuMicros: usage.cpuMicros,
      rssBytes: usage.rssBytes,
      ...(usage.container === undefined ? {} : containerPart((of) => perMs(({ container }) => of(container!)))),
    };
    return measured;
  };
}

function containerPart(perMs: (of: (usage: ContainerUsage) => number) => number) {
  return {
    throttledFraction: perMs(({ throttledMicros }) => throttledMicros) / 1000,
    receivedBytesPerSec: perMs(({ receivedBytes }) => receivedBytes) * 1000,
    sentBytesPerSec: perMs(({ sentBytes }) => sentBytes) * 1000,
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

function balancerPart(stats: BalancerProcessStats | null): Partial<ComponentSample> {
  return stats === null ? {} : { sessions: stats.connections, eventLoopP99Ms: stats.eventLoopP99Ms };
}

function serverPart({ sessions, inFlight, eventLoopP99Ms }: ServerStats): Partial<ComponentSample> {
  return { sessions, inFlight, eventLoopP99Ms };
}

type Reading = { readonly atMs: number; readonly stats: ServerStats };

/** From the totals, over exactly this window; from the server's own rates when there is no earlier reading of this process. */
function ratesBetween(
  from: Reading | null,
  to: Reading,
): Pick<ComponentSample, 'acceptedPerSec' | 'deliveredPerSec' | 'presencePerSec'> {
  const { acceptedPerSec, deliveredPerSec } = to.stats;
  const seconds = from === null ? 0 : (to.atMs - from.atMs) / 1000;
  if (from === null || seconds <= 0 || to.stats.uptimeMs < from.stats.uptimeMs)
    return { acceptedPerSec, deliveredPerSec, presencePerSec: null };
  return {
    acceptedPerSec: (to.stats.acceptedTotal - from.stats.acceptedTotal) / seconds,
    deliveredPerSec: (to.stats.deliveredTotal - from.stats.deliveredTotal) / seconds,
    presencePerSec: (to.stats.presenceDeliveredTotal - from.stats.presenceDeliveredTotal) / seconds,
  };
}
