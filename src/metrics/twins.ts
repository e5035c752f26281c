/** The same trace, run elsewhere: what another world made of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { FinishedRun, RunRecord, Summary } from './run.ts';
import { recordFile, summaryFile } from './run-directory.ts';

/** A finished run of the same scenario, settings, strategy and trace on another backend; the newest of each. */
export interface Twin {
  readonly id: string;
  readonly backend: string;
  readonly summary: Summary;
}

/** Figures that can be held against each other, each with how it reads from a summary. */
export const twinFigures: readonly (readonly [
  name: string,
  unit: 'ms' | '/s' | 'µs',
  of: (summary: Summary) => number | null,
])[] = [
  ['delivery, median', 'ms', ({ latency }) => latency.delivery.p50],
  ['delivery, p99', 'ms', ({ latency }) => latency.delivery.p99],
  ['accepted, median', 'ms', ({ latency }) => latency.accepted.p50],
  ['accepted, p99', 'ms', ({ latency }) => latency.accepted.p99],
  ['delivered', '/s', ({ rates }) => rates.delivered],
  ['CPU of servers per message', 'µs', ({ cpuUsPerMessage }) => cpuUsPerMessage.server],
  ['CPU of balancers per message', 'µs', ({ cpuUsPerMessage }) => cpuUsPerMessage.balancer],
  ['CPU of the database per message', 'µs', ({ cpuUsPerMessage }) => cpuUsPerMessage.database],
];

/** Looks among the runs beside this one; a folder that cannot be read is none. */
export function findTwins({ directory, record }: Pick<FinishedRun, 'directory' | 'record'>): readonly Twin[] {
  const parent = dirname(directory);
  const newest = new Map<string, Twin>();
  for (const name of namesIn(parent).slice(-siblingsMax)) {
    if (name === basename(directory)) continue;
    const other = read<RunRecord>(join(parent, name, recordFile));
    if (other === null || !isTwin(record, other)) continue;
    const summary = read<Summary>(join(parent, name, summaryFile));
    if (summary !== null) newest.set(other.backend, { id: other.id, backend: other.backend, summary });
  }
  return [...newest.values()];
}

// ---

/** Names begin with the time, so these are the newest. */
const siblingsMax = 500;

function isTwin(own: RunRecord, other: RunRecord): boolean {
  return (
    other.complete &&
    other.backend !== own.backend &&
    other.traceHash === own.traceHash &&
    other.strategy === own.strategy &&
    JSON.stringify(other.resolved) === JSON.stringify(own.resolved)
  );
}

function namesIn(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).toSorted();
  } catch {
    return [];
  }
}

function read<T>(path: string): T | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return null;
  }
}
