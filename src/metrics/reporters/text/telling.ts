import type { ComparedMetric, Comparison, Difference } from '../../comparison.ts';
import { statesInWords } from '../../instrument.ts';
import { inUnit, percent } from './format.ts';

/** Shown in full even if no difference was: they are why one compares. */
const always = ['delivery.p99', 'delivery.p50'];

/** Metrics that deserve their table, and those of which it is enough to say that no difference was shown. */
export function tellingMetrics({ metrics }: Comparison): { telling: ComparedMetric[]; silent: ComparedMetric[] } {
  const tells = (metric: ComparedMetric): boolean =>
    always.includes(metric.metric) || metric.differences.some(({ shown }) => shown !== 'none');
  return { telling: metrics.filter(tells), silent: metrics.filter((metric) => !tells(metric)) };
}

/** A difference for a table: `worse: 41.6 ms higher (100 %)`; the whole sentence is among the findings. */
export function shortWords({ shown, words, relative, difference }: Difference, unit: string): string {
  if (shown === 'none' || difference === null) return words;
  const share = relative === null ? '' : ` (${percent(Math.abs(relative))})`;
  return `${shown}: ${inUnit(Math.abs(difference), unit)} ${difference < 0 ? 'lower' : 'higher'}${share}`;
}

/** The instrument of all trials: `VALID`, or in how many it was not, for one bad trial of many is no bad comparison. */
export function instrumentWords({ instrument, arms }: Comparison): string {
  const words = statesInWords(arms.flatMap(({ runs }) => runs.map((run) => run.instrument)));
  // The worst trial may be one that is not counted, because others of its block are missing.
  return words.startsWith(instrument.state) ? words : instrument.state;
}
