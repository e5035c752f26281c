/** Every second and every sample as CSV (RFC 4180), for a spreadsheet or a notebook. */
import { type FinishedRun, operations } from '../run.ts';
import type { ComparisonReporter, Reporter } from './reporter.ts';

type Value = string | number | null;

const percentiles = ['p50', 'p90', 'p99', 'max'] as const;

export const csvReporter: Reporter = async (run, out) => {
  await out.file('series.csv', seriesCsv(run));
  await out.file('samples.csv', samplesCsv(run));
};

export const csvComparisonReporter: ComparisonReporter = async ({ metrics, blocks }, out) => {
  const rows = metrics.flatMap(({ metric, unit, arms }) =>
    arms.flatMap((arm) =>
      arm.values.map((value, index) => [metric, unit, arm.name, blocks[index]?.block ?? index, value]),
    ),
  );
  await out.file('trials.csv', csv(['metric', 'unit', 'strategy', 'block', 'value'], rows));
};

// ---

function seriesCsv({ series }: FinishedRun): string {
  const names = operations.flatMap((name) => percentiles.map((percentile) => `${name}_${percentile}_ms`));
  const counts = [
    'second',
    'offered',
    'sent',
    'accepted',
    'refused',
    'delivered',
    'connected',
    'disconnects',
    'backlog',
  ] as const;
  const rows = series.map((point) => [
    ...counts.map((name) => point[name]),
    ...operations.flatMap((name) => percentiles.map((percentile) => point.latency[name]?.[percentile] ?? null)),
  ]);
  return csv([...counts, ...names], rows);
}

function samplesCsv({ samples }: FinishedRun): string {
  const columns = [
    'tMs',
    'name',
    'role',
    'cpuFraction',
    'cpuMicros',
    'rssBytes',
    'eventLoopP99Ms',
    'sessions',
    'acceptedPerSec',
    'deliveredPerSec',
    'presencePerSec',
    'inFlight',
    'throttledFraction',
    'receivedBytesPerSec',
    'sentBytesPerSec',
  ] as const;
  return csv(
    columns,
    samples.map((sample) => columns.map((name) => sample[name] ?? null)),
  );
}

function csv(titles: readonly string[], rows: readonly (readonly Value[])[]): string {
  return [titles, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** Empty for what is not known. Text that a spreadsheet would take for a formula gets an apostrophe. */
function cell(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
