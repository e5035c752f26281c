/** What servers, balancer, database and generator did in the measure phase, from their samples. */
import type { ComponentSample, RunRecord, ServerSummary, Summary } from './run.ts';
import { type Window, windowSeconds } from './window.ts';

/** Every server of the run, in its order; one that was never sampled has zeros. Memory and event loop: the worst sample. */
export function serverSummaries(
  record: RunRecord,
  samples: readonly ComponentSample[],
  window: Window,
): ServerSummary[] {
  const measured = samples.filter((sample) => sample.role === 'server' && ended(sample, window));
  return record.servers.map((name) => {
    const own = measured.filter((sample) => sample.name === name);
    const numbers = (key: NumberKey) => own.map((sample) => sample[key]).filter((value) => value !== null);
    return {
      name,
      acceptedPerSec: mean(numbers('acceptedPerSec')),
      deliveredPerSec: mean(numbers('deliveredPerSec')),
      presencePerSec: mean(numbers('presencePerSec')),
      sessions: mean(numbers('sessions')),
      cpuFraction: mean(numbers('cpuFraction')),
      rssBytes: Math.max(0, ...numbers('rssBytes')),
      eventLoopP99Ms: Math.max(0, ...numbers('eventLoopP99Ms')),
    };
  });
}

/** CPU of all components of each role in the window, for each delivered message. */
export function cpuUsPerMessage(
  samples: readonly ComponentSample[],
  window: Window,
  delivered: number,
): Summary['cpuUsPerMessage'] {
  const ofRole = (role: ComponentSample['role']) => {
    const components = Map.groupBy(
      samples.filter((sample) => sample.role === role),
      (sample) => sample.name,
    );
    const used = [...components.values()].map((own) => cpuMicros(own, window)).filter((value) => value !== null);
    return used.length === 0 || delivered === 0 ? null : used.reduce((sum, value) => sum + value, 0) / delivered;
  };
  return {
    server: ofRole('server'),
    balancer: ofRole('balancer'),
    database: ofRole('database'),
    generator: ofRole('generator'),
  };
}

// ---

type NumberKey =
  | 'acceptedPerSec'
  | 'deliveredPerSec'
  | 'presencePerSec'
  | 'sessions'
  | 'cpuFraction'
  | 'rssBytes'
  | 'eventLoopP99Ms';

/** A sample tells of the time up to it. */
function ended(sample: ComponentSample, window: Window): boolean {
  return window.some(({ from, to }) => sample.tMs > from * 1000 && sample.tMs <= to * 1000);
}

/**
 * Growth of the component's own counter over the samples that ended in the window, scaled to the window's length; a
 * counter that went back began anew with a new process. Null when nothing was sampled.
 */
function cpuMicros(samples: readonly ComponentSample[], window: Window): number | null {
  let used = 0;
  let coveredMs = 0;
  samples.forEach((sample, i) => {
    const before = samples[i - 1];
    if (!before || sample.cpuMicros === null || before.cpuMicros === null || !ended(sample, window)) return;
    used += sample.cpuMicros >= before.cpuMicros ? sample.cpuMicros - before.cpuMicros : sample.cpuMicros;
    coveredMs += sample.tMs - before.tMs;
  });
  return coveredMs === 0 ? null : (used * windowSeconds(window) * 1000) / coveredMs;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
