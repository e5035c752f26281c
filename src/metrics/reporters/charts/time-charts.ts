/** What happened second by second: latency, rates, backlog. */
import type { FinishedRun, OperationName, SecondPoint } from '../../run.ts';
import { milliseconds, operationTitles } from '../text/format.ts';
import { type Fold, folded, type Grid, gridNote, gridOf } from './grid.ts';
import type { Axis, ChartSpec, Series, Span } from './spec.ts';

const pointsMax = 600;
const bandsMax = 100;

/** Percentiles of what was intended in each second. */
export function latencyOverTime(run: FinishedRun, operation: OperationName = 'delivery'): ChartSpec {
  const grid = gridOf(run, pointsMax);
  const line = (name: 'p50' | 'p90' | 'p99' | 'max', look: number): Series =>
    series(name, look, grid, run.series, 'worst', (point) => point.latency[operation]?.[name] ?? null);
  const { p50, p99 } = run.summary.latency[operation];
  return {
    ...timeChart(run, grid, 'worst'),
    id: `latency-${operation}`,
    title: `${capitalised(operationTitles[operation])} latency over time`,
    description:
      `Median, 90th and 99th percentile and maximum of ${operationTitles[operation]} latency for each second of the run, ` +
      `by the second in which ${dueWords[operation] ?? 'the message was meant to be sent'}.` +
      (p50 === null || p99 === null
        ? ''
        : ` In the measure phase the median is ${milliseconds(p50)} and the 99th percentile ${milliseconds(p99)}.`),
    y: { label: 'latency', unit: 'ms', scale: 'log' },
    series: [line('p50', 0), line('p90', 2), line('p99', 1), line('max', 7)],
  };
}

export function ratesOverTime(run: FinishedRun): ChartSpec {
  const grid = gridOf(run, pointsMax);
  const line = (name: 'offered' | 'accepted' | 'delivered', look: number): Series =>
    series(name, look, grid, run.series, 'mean', (point) => point[name]);
  return {
    ...timeChart(run, grid, 'mean'),
    id: 'rates',
    title: 'Messages per second',
    description:
      'Messages that were meant to be sent, that the servers accepted, and deliveries to recipients, for each ' +
      'second. Accepted falling below offered is refusal or delay.',
    y: { label: 'messages per second', unit: '/s', scale: 'linear', min: 0 },
    series: [line('offered', 7), line('accepted', 0), line('delivered', 1)],
  };
}

export function backlogOverTime(run: FinishedRun): ChartSpec {
  const grid = gridOf(run, pointsMax);
  return {
    ...timeChart(run, grid, 'worst'),
    id: 'backlog',
    title: 'Deliveries still owed',
    description: 'How many deliveries the accepted messages still called for at the end of each second.',
    y: { label: 'deliveries', unit: '', scale: 'linear', min: 0 },
    series: [series('backlog', 1, grid, run.series, 'worst', (point) => point.backlog)],
  };
}

export function usersOverTime(run: FinishedRun): ChartSpec {
  const grid = gridOf(run, pointsMax);
  return {
    ...timeChart(run, grid, 'worst'),
    id: 'users',
    title: 'Connected users and disconnects',
    description: 'Users connected, and connections lost, for each second.',
    y: { label: 'users', unit: '', scale: 'linear', min: 0 },
    series: [
      series('connected', 0, grid, run.series, 'worst', (point) => point.connected),
      series('disconnects per second', 1, grid, run.series, 'worst', (point) => point.disconnects),
    ],
  };
}

/** What all charts over time share: the axis, the faults, the phases, and how coarse it is. */
export function timeChart(
  run: FinishedRun,
  grid: Grid,
  fold: Fold,
): Pick<ChartSpec, 'kind' | 'x' | 'places' | 'bands' | 'phases' | 'note'> {
  const x: Axis = { label: 'time since the start', unit: 's', scale: 'time', min: 0, max: grid.totalSec };
  return {
    kind: 'lines',
    x,
    places: grid.places,
    bands: run.record.faults.slice(0, bandsMax).map(
      (fault): Span => ({
        fromSec: fault.fromMs / 1000,
        toSec: fault.toMs === null ? grid.totalSec : fault.toMs / 1000,
        label: `${fault.kind} ${fault.target}`,
        sure: fault.effective,
      }),
    ),
    phases: run.record.phases.map((phase) => ({
      fromSec: phase.fromMs / 1000,
      toSec: phase.toMs / 1000,
      label: phase.name,
      sure: true,
    })),
    note: gridNote(grid, fold),
  };
}

// ---

const dueWords: Readonly<Partial<Record<OperationName, string>>> = {
  signIn: 'it was due',
  presence: 'the change happened',
  upload: 'the image was due',
  download: 'its message was shown',
};

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function series(
  name: string,
  look: number,
  grid: Grid,
  points: readonly SecondPoint[],
  fold: Fold,
  value: (point: SecondPoint) => number | null,
): Series {
  return { name, look, values: folded(grid, points, { second: (point) => point.second, value, fold }) };
}
