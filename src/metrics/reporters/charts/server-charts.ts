/** What each process did: servers side by side, and the rest of the cluster. */
import type { ComponentSample, FinishedRun } from '../../run.ts';
import { type Fold, folded, type Grid, gridOf } from './grid.ts';
import type { Axis, ChartSpec } from './spec.ts';
import { timeChart } from './time-charts.ts';

interface Quantity {
  readonly id: string;
  readonly title: string;
  readonly axis: Axis;
  readonly fold: Fold;
  readonly of: (sample: ComponentSample) => number | null;
}

/** All charts of this file together: many servers get coarser windows, not a bigger page. */
const numbersMax = 40_000;
const pointsMin = 60;
const pointsMax = 240;

const cpu: Quantity = {
  id: 'cpu',
  title: 'CPU',
  axis: linear('cores', 'cores'),
  fold: 'mean',
  of: (sample) => sample.cpuFraction,
};

const quantities: readonly Quantity[] = [
  {
    id: 'accepted',
    title: 'Accepted per second',
    axis: linear('messages per second', '/s'),
    fold: 'mean',
    of: (sample) => sample.acceptedPerSec,
  },
  { id: 'sessions', title: 'Sessions', axis: linear('sessions', ''), fold: 'worst', of: (sample) => sample.sessions },
  cpu,
  {
    id: 'memory',
    title: 'Resident memory',
    axis: linear('memory', 'MiB'),
    fold: 'worst',
    of: (sample) => (sample.rssBytes === null ? null : sample.rssBytes / 1024 ** 2),
  },
  {
    id: 'event-loop',
    title: 'Event-loop delay, p99',
    axis: linear('delay', 'ms'),
    fold: 'worst',
    of: (sample) => sample.eventLoopP99Ms,
  },
];

/** Only of containers; left out where nothing was measured. */
const throttled: Quantity = {
  id: 'throttled',
  title: 'CPU withheld by the quota',
  axis: linear('threads waiting', 'threads'),
  fold: 'mean',
  of: (sample) => sample.throttledFraction ?? null,
};

const network: Quantity = {
  id: 'network',
  title: 'Network, both ways',
  axis: linear('bytes per second', 'KiB/s'),
  fold: 'mean',
  of: ({ receivedBytesPerSec, sentBytesPerSec }) =>
    receivedBytesPerSec === undefined || sentBytesPerSec === undefined
      ? null
      : (receivedBytesPerSec + sentBytesPerSec) / 1024,
};

export function serverCharts(run: FinishedRun): ChartSpec[] {
  const samples = byComponent(run, (sample) => sample.role === 'server');
  const others = byComponent(run, (sample) => sample.role !== 'server');
  const containers = run.samples.some((sample) => sample.throttledFraction !== undefined);
  const ofServers = containers ? [...quantities, throttled, network] : quantities;
  const lines = samples.size * ofServers.length + others.size * (containers ? 2 : 1);
  const grid = gridOf(run, Math.min(Math.max(Math.floor(numbersMax / Math.max(lines, 1)), pointsMin), pointsMax));
  const server = (quantity: Quantity): ChartSpec =>
    chart(run, grid, quantity, samples, `servers-${quantity.id}`, quantity.title, 'each chat server');
  const inContainers = byComponent(
    run,
    ({ role, sentBytesPerSec }) => role !== 'server' && sentBytesPerSec !== undefined,
  );
  const rest = (quantity: Quantity, of: typeof others): ChartSpec =>
    chart(
      run,
      grid,
      quantity,
      of,
      `others-${quantity.id}`,
      `${quantity.title} of the other processes`,
      'balancer, database and generator',
    );
  return [...ofServers.map(server), rest(cpu, others), ...(containers ? [rest(network, inContainers)] : [])];
}

// ---

function chart(
  run: FinishedRun,
  grid: Grid,
  quantity: Quantity,
  components: ReadonlyMap<string, readonly ComponentSample[]>,
  id: string,
  title: string,
  whose: string,
): ChartSpec {
  // A sample speaks of the window that ended at its time.
  const second = (sample: ComponentSample): number => Math.max(Math.ceil(sample.tMs / 1000) - 1, 0);
  return {
    ...timeChart(run, grid, quantity.fold),
    id,
    title,
    description: `${title}, over time, of ${whose}.`,
    y: quantity.axis,
    series: [...components].map(([name, samples], look) => ({
      name,
      look,
      values: folded(grid, samples, { second, value: quantity.of, fold: quantity.fold }),
    })),
  };
}

function byComponent(
  run: FinishedRun,
  wanted: (sample: ComponentSample) => boolean,
): ReadonlyMap<string, readonly ComponentSample[]> {
  const grouped = Map.groupBy(run.samples.filter(wanted), (sample) => sample.name);
  return new Map([...grouped].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true })));
}

function linear(label: string, unit: string): Axis {
  return { label, unit, scale: 'linear', min: 0 };
}
