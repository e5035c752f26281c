/** Latency by percentile, where the tail has as much room as the body. */
import type { Comparison } from '../../comparison.ts';
import type { DistributionPoint, FinishedRun, OperationName } from '../../run.ts';
import { bootstrapMin } from '../../statistics.ts';
import { milliseconds } from '../text/format.ts';
import { type ChartSpec, rounded, type Series } from './spec.ts';

/** Fewer samples than this beyond a percentile, and it is chance. */
const samplesBeyondMin = 10;
const pointsMax = 300;

const frame: Pick<ChartSpec, 'kind' | 'x' | 'y' | 'places' | 'bands' | 'phases'> = {
  kind: 'lines',
  x: { label: 'percentile (log scale)', unit: '', scale: 'percentile', min: 1 },
  y: { label: 'latency', unit: 'ms', scale: 'log' },
  places: [],
  bands: [],
  phases: [],
};

/** Delivery and accepted, each from the intended and from the actual moment of sending. */
export function runDistribution(run: FinishedRun): ChartSpec {
  const { p50, p99, p999 } = run.summary.latency.delivery;
  const line = (name: string, operation: OperationName, look: number): Series => ({
    name,
    look,
    ...pointsOf(trusted(run.distribution[operation], run.summary.latency[operation].count)),
  });
  return {
    ...frame,
    id: 'distribution',
    title: 'Latency distribution',
    description:
      'Latency at each percentile of the measure phase.' +
      (p50 === null || p99 === null
        ? ''
        : ` Delivery: median ${milliseconds(p50)}, 99th percentile ${milliseconds(p99)}${p999 === null ? '' : `, 99.9th ${milliseconds(p999)}`}.`),
    note: `A line ends where fewer than ${samplesBeyondMin} samples stand behind it.`,
    series: [
      line('delivery', 'delivery', 1),
      line('delivery, from the actual send', 'deliveryUncorrected', 4),
      line('accepted', 'accepted', 0),
      line('accepted, from the actual send', 'acceptedUncorrected', 2),
    ],
  };
}

/** One line for each strategy, with its band. */
export function comparedDistributions(comparison: Comparison, operation: 'delivery' | 'accepted'): ChartSpec {
  const trials = comparison.blocks.length;
  const band = trials < bootstrapMin ? 'the range of the trials' : '95 % bootstrap interval of it';
  return {
    ...frame,
    id: `distribution-${operation}`,
    title: `${operation === 'delivery' ? 'Delivery' : 'Accepted'} latency by strategy`,
    description:
      `Latency from the ${operation === 'delivery' ? 'intended send to the recipient' : 'intended send to the server’s confirmation'}, ` +
      `at each percentile, for each of ${comparison.arms.length} strategies.`,
    note: trials === 0 ? '' : `Line: median over ${trials} trials. Band: ${band}.`,
    series: comparison.arms.map((arm, look) => {
      const points = thinned(arm.distribution[operation].filter(({ quantile }) => quantile < 1));
      return {
        name: arm.name,
        look,
        ...pointsOf(points),
        low: points.map(({ low }) => rounded(low)),
        high: points.map(({ high }) => rounded(high)),
      };
    }),
  };
}

// ---

function trusted(points: readonly DistributionPoint[], count: number): readonly DistributionPoint[] {
  return thinned(points.filter(({ quantile }) => count * (1 - quantile) >= samplesBeyondMin));
}

/** Every n-th point; the last always. */
function thinned<T>(points: readonly T[]): readonly T[] {
  const step = Math.ceil(points.length / pointsMax);
  return points.filter((_, index) => index % step === 0 || index === points.length - 1);
}

function pointsOf(points: readonly DistributionPoint[]): Pick<Series, 'places' | 'values'> {
  return {
    places: points.map(({ quantile }) => Number((1 / (1 - quantile)).toPrecision(6))),
    values: points.map(({ ms }) => rounded(ms)),
  };
}
