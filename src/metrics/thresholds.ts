/**
 * Promises about numbers, written as people say them: `delivery.p99 < 200ms`, `accepted.rate >= 99.9%`, `lost == 0`;
 * narrowed by tags: `delivery.p99{server=s2} < 300ms`, `accepted.rate{phase=fault} >= 95%`; and with the mark
 * `abortOnFail` at the end, broken while the run lasts they end it.
 */
import { catalog, isMetricName, type Metric, type MetricName, metricNames, type Unit } from './catalog.ts';
import { closestFirst } from './closest.ts';
import type { Summary, ThresholdResult } from './run.ts';
import { isPartName, partNames, type Tags, tagNames } from './tags.ts';

export interface Threshold {
  readonly expression: string;
  readonly metric: MetricName;
  readonly tags: Tags;
  readonly comparison: Comparison;
  /** In the metric's unit. */
  readonly bound: number;
  /** Broken by what the measure phase has shown so far, it ends the run, which has then failed. */
  readonly abortOnFail: boolean;
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
  MiB: { MiB: 1, GiB: 1024 },
  µs: { µs: 1, us: 1, ms: 1000 },
  '%': { '%': 1 },
  '/s': { '/s': 1 },
  count: {},
  ratio: { '%': 0.01 },
};

const abortMark = /\s+abortOnFail\s*$/;

/** Throws one sentence for an unknown metric, tag, comparison or unit, with the right ones, closest first. */
export function parseThreshold(expression: string): Threshold {
  const abortOnFail = abortMark.test(expression);
  const promise = expression.replace(abortMark, '');
  const match = /^\s*([\w.]+)\s*(?:\{([^{}]*)\})?\s*([<>=!]+)\s*(-?\d+(?:\.\d+)?)\s*(\S*)\s*$/.exec(promise);
  if (!match) {
    throw new Error(
      `The threshold "${expression}" cannot be read; write "metric comparison number", for example "delivery.p99 < 200ms" or "delivery.p99{server=s2} < 200ms abortOnFail".`,
    );
  }
  const [, metric, tagText, comparison, number, unit] = match as unknown as [string, string, string?, ...string[]];
  if (!isMetricName(metric)) throw unknownName(expression, 'metric', metric, metricNames);
  if (!isComparison(comparison!)) throw unknownName(expression, 'comparison', comparison!, Object.keys(comparisons));
  const tags = parseTags(expression, catalog[metric], tagText);
  if (abortOnFail) refuseUnwatchable(expression, metric, tags);
  const bound = Number(number) * scaleOf(expression, catalog[metric], unit!);
  return { expression, metric, tags, comparison, bound, abortOnFail };
}

/** Unknown when the run cannot tell. `summary` is of what the tags ask about. */
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

function parseTags(expression: string, metric: Metric, text: string | undefined): Tags {
  if (text === undefined) return {};
  const tags: { [name: string]: string } = {};
  for (const part of text.split(',')) {
    const [, name, value] = /^\s*(\w+)\s*=\s*([\w-]+)\s*$/.exec(part) ?? [];
    if (name === undefined || value === undefined) {
      throw new Error(
        `The threshold "${expression}" has the tag "${part.trim()}"; write tags as {name=value}, for example {server=s2}.`,
      );
    }
    if (!tagNames.some((known) => known === name)) throw unknownName(expression, 'tag', name, tagNames);
    if (!metric.tags.some((able) => able === name)) {
      const able = metric.tags.length === 0 ? 'takes no tag' : `takes only the tag ${metric.tags.join(', ')}`;
      throw new Error(`The threshold "${expression}" has the tag "${name}"; this metric ${able}.`);
    }
    if (name in tags) throw new Error(`The threshold "${expression}" has the tag "${name}" twice; write it once.`);
    tags[name] = value;
  }
  if (tags.phase !== undefined && !isPartName(tags.phase)) {
    throw unknownName(expression, 'phase', tags.phase, partNames);
  }
  return tags;
}

/** While the run lasts only the measure phase so far is known, and nothing of what the checks will find. */
function refuseUnwatchable(expression: string, name: MetricName, { phase = 'measure' }: Tags): void {
  if (catalog[name].tags.length === 0) {
    throw new Error(
      `The threshold "${expression}" cannot end a run: ${name} is found only after it, by the checks; leave abortOnFail out.`,
    );
  }
  if (phase !== 'measure') {
    throw new Error(
      `The threshold "${expression}" cannot end a run: abortOnFail watches the measure phase, not the phase "${phase}".`,
    );
  }
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
