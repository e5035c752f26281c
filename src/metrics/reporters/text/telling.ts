import type { ComparedMetric, Comparison } from '../../comparison.ts';

/** Shown in full even if no difference was: they are why one compares. */
const always = ['delivery.p99', 'delivery.p50'];

/** Metrics that deserve their table, and those of which it is enough to say that no difference was shown. */
export function tellingMetrics({ metrics }: Comparison): { telling: ComparedMetric[]; silent: ComparedMetric[] } {
  const tells = (metric: ComparedMetric): boolean =>
    always.includes(metric.metric) || metric.differences.some(({ shown }) => shown !== 'none');
  return { telling: metrics.filter(tells), silent: metrics.filter((metric) => !tells(metric)) };
}
