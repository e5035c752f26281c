/** Promises about numbers, written as people say them: `delivery.p99 < 200ms`, `accepted.rate >= 99.9%`, `lost == 0`. */
import { catalog, isMetricName, type Metric, type MetricName, metricNames, type Unit } from './catalog.ts';
import { closestFirst } from './closest.ts';
import type { Summary, ThresholdResult } from './run.ts';

export interface Threshold {
  readonly expression: string;
  readonly metric: MetricName;
  readonly comparison: Comparison;
  /** In the metric's unit. */
  readonly bound: number;
}

const comparisons = {
  '<': (actual: number, bound: number) => actual < bound,
  '<=': (actual: number, bound: number) => actual <= bound,
  '>': (actual: number, bound: number) => actual > bound,
  '>=': (actual: number, bound: number) => actual >= bound,
  '==': (actual: number, bound: number) => actual === bound,
  '!=': (actual: number, bound: number) => actual !== bound,
} as const;
type Comparison = keyof typeof comparisons;

/** What may be written after the number, and how many of the metric's unit it is. A bare number is of the metric's unit. */
const unitsAccepted: Readonly<Record<Unit, Readonly<Record<string, number>>>> = {
  ms: { ms: 1, s: 1000, us: 0.001, µs: 0.001 },
  µs: { µs: 1, us: 1, ms: 1000 },
  '%': { '%': 1 },
  '/s': { '/s': 1 },
  count: {},
  ratio: { '%': 0.01 },
};

/** Throws one sentence for an unknown metric, comparison or unit, with the right ones, closest first. */
export function parseThreshold(expression: string): Threshold {
  const match = /^\s*([\w.]+)\s*([<>=!]+)\s*(-?\d+(?:\.\d+)?)\s*(\S*)\s*$/.exec(expression);
  if (!match) {
    throw new Error(
      `The threshold "${expression}" cannot be read; write "metric comparison number", for example "delivery.p99 < 200ms".`,
    );
  }
  const [, metric, comparison, number, unit] = match as unknown as [string, string, string, string, string];
  if (!isMetricName(metric)) throw unknownName(expression, 'metric', metric, metricNames);
  if (!isComparison(comparison)) throw unknownName(expression, 'comparison', comparison, Object.keys(comparisons));
  return { expression, metric, comparison, bound: Number(number) * scaleOf(expression, catalog[metric], unit) };
}

/** Unknown when the run cannot tell. */
export function judgeThreshold(threshold: Threshold, summary: Summary): ThresholdResult {
  const { expression, metric, comparison, bound } = threshold;
  const actual = catalog[metric].read(summary);
  if (actual === null) return { expression, result: 'unknown', actual };
  return { expression, result: comparisons[comparison](actual, bound) ? 'pass' : 'fail', actual };
}

// ---

function isComparison(text: string): text is Comparison {
  return Object.hasOwn(comparisons, text);
}

function scaleOf(expression: string, metric: Metric, unit: string): number {
  const scales = unitsAccepted[metric.unit];
  const scale = unit === '' ? 1 : scales[unit];
  if (scale !== undefined) return scale;
  const known = Object.keys(scales);
  if (known.length === 0)
    throw new Error(`The threshold "${expression}" has the unit "${unit}"; this metric is a plain number.`);
  throw unknownName(expression, 'unit', unit, known);
}

function unknownName(expression: string, what: string, name: string, known: readonly string[]): Error {
  const shown = closestFirst(name, known).slice(0, shownMax);
  const more = known.length > shown.length ? ` and ${known.length - shown.length} more` : '';
  return new Error(
    `The threshold "${expression}" names the ${what} "${name}", which does not exist; there are ${shown.join(', ')}${more}.`,
  );
}

const shownMax = 12;
