/** What a comparison found, in sentences; the most telling first. */
import type { MetricName } from '../catalog.ts';
import type { ComparedMetric, Difference } from '../comparison.ts';
import { spoken, withUnit } from './differences.ts';
import type { ArmRun } from './runs.ts';

/** Metrics worth comparing, the most telling first. */
export const comparedMetrics: readonly MetricName[] = [
  'lost',
  'duplicated',
  'delivery.p99',
  'delivery.p50',
  'delivery.p999',
  'accepted.rate',
  'accepted.p99',
  'accepted.p50',
  'delivered.perSec',
  'fanOut.p99',
  'connect.p99',
  'catchUp.p99',
  'fairness.cpu.maxOverMean',
  'fairness.rate.maxOverMean',
  'fairness.sessions.maxOverMean',
  'servers.cpu.max',
  'cpuUsPerMessage.server',
  'cpuUsPerMessage.balancer',
  'cpuUsPerMessage.database',
  'refused',
  'disconnects',
];

/** Of these it is also said when no difference was shown. */
const headlines: readonly string[] = ['delivery.p99', 'delivery.p50'] satisfies MetricName[];

export function findingsOf(metrics: readonly ComparedMetric[], runs: readonly ArmRun[], baseline: string): string[] {
  return [
    ...brokenPromises(runs),
    ...metrics.flatMap(shownIn),
    ...metrics.flatMap((metric) => notShownIn(metric, baseline)),
  ];
}

// ---

/** A check that failed in any trial outweighs every latency. */
function brokenPromises(runs: readonly ArmRun[]): string[] {
  return runs.flatMap(({ arm, block, run }) =>
    run.summary.checks
      .filter(({ result }) => result === 'fail')
      .map(({ check, summary }) => `${arm} broke the promise ${check} in block ${block}: ${summary}`),
  );
}

function shownIn({ differences }: ComparedMetric): string[] {
  const shown = differences.filter((difference) => difference.shown !== 'none');
  return shown.toSorted((a, b) => magnitude(b) - magnitude(a)).map(({ words }) => words);
}

function magnitude({ relative, difference }: Difference): number {
  return Math.abs(relative ?? difference ?? 0);
}

function notShownIn({ metric, unit, differences }: ComparedMetric, baseline: string): string[] {
  const open = differences.filter(({ shown }) => shown === 'none');
  if (!headlines.includes(metric) || open.length === 0) return [];
  const effects = open.map(({ smallestEffect }) => smallestEffect).filter((effect) => effect !== null);
  const sharpness =
    effects.length === 0 ? '' : `; less than ${withUnit(Math.max(...effects), unit)} could have gone unseen`;
  return [
    `${spoken(metric)}: no difference shown between ${baseline} and ${open.map(({ arm }) => arm).join(', ')}${sharpness}`,
  ];
}
