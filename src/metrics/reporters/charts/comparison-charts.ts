/** Strategies against each other: differences with their intervals, and how the load was shared. */
import type { ComparedMetric, Comparison, ComparisonArm, Difference } from '../../comparison.ts';
import { type Axis, type ChartSpec, rounded, roundedOrNull } from './spec.ts';

const noTime: Pick<ChartSpec, 'places' | 'bands' | 'phases'> = { places: [], bands: [], phases: [] };

/** One chart, in its own unit, for each metric in which the trials differed at all and gave an interval. */
export function differenceCharts(comparison: Comparison): ChartSpec[] {
  return comparison.metrics
    .filter((metric) => metric.differences.some(({ interval }) => interval?.some((end) => end !== 0)))
    .map((metric, index) => differenceChart(metric, comparison.baseline, index));
}

export function shareCharts({ arms }: Comparison): ChartSpec[] {
  return [
    shareChart(arms, 'rate', 'Messages by server', (server) => server.rateShare),
    shareChart(arms, 'sessions', 'Sessions by server', (server) => server.sessionShare),
    shareChart(arms, 'cpu', 'CPU by server', (server) => server.cpuShare),
  ];
}

/** Jain's index of shares, 1 when equal (R. Jain et al., DEC-TR-301, 1984); null when there is nothing to share. */
export function jain(shares: readonly number[]): number | null {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share ** 2, 0);
  return squares > 0 ? sum ** 2 / (shares.length * squares) : null;
}

// ---

function differenceChart(metric: ComparedMetric, baseline: string, index: number): ChartSpec {
  const { differences, unit } = metric;
  const end = (of: Difference, side: 0 | 1): number | null => roundedOrNull(of.interval?.[side] ?? null);
  const x: Axis = { label: `difference from ${baseline} (${metric.better} is better)`, unit, scale: 'linear' };
  return {
    ...noTime,
    id: `difference-${index + 1}`,
    title: metric.metric,
    description: `${metric.metric}: ${differences.map((each) => `${each.arm}: ${each.words}`).join('; ')}.`,
    note: '',
    kind: 'intervals',
    x,
    y: { label: 'strategy', unit: '', scale: 'names', names: differences.map(({ arm }) => arm) },
    series: [
      {
        name: 'difference',
        look: 0,
        values: differences.map(({ difference }) => roundedOrNull(difference)),
        low: differences.map((each) => end(each, 0)),
        high: differences.map((each) => end(each, 1)),
        states: differences.map(({ shown }) => shown),
      },
    ],
  };
}

function shareChart(
  arms: readonly ComparisonArm[],
  id: string,
  title: string,
  share: (server: ComparisonArm['servers'][number]) => number,
): ChartSpec {
  const servers = [...new Set(arms.flatMap((arm) => arm.servers.map(({ name }) => name)))];
  return {
    ...noTime,
    id: `share-${id}`,
    title,
    description: `${title}, as shares of the whole, for each strategy: the mean over its trials.`,
    note: '',
    kind: 'bars',
    x: { label: 'share', unit: '%', scale: 'linear', min: 0, max: 100 },
    y: { label: 'strategy', unit: '', scale: 'names', names: arms.map(({ name }) => name) },
    series: servers.map((name, look) => ({
      name,
      look,
      values: arms.map((arm) => {
        const server = arm.servers.find((each) => each.name === name);
        return server ? rounded(share(server) * 100) : null;
      }),
    })),
  };
}
