/** One metric, arm by arm against the baseline, in numbers and in words. */
import { catalog, type Metric, type MetricName } from '../catalog.ts';
import type { ComparedMetric, Difference } from '../comparison.ts';
import type { Summary } from '../run.ts';
import { type Interval, median, medianInterval, signFlipP, smallestEffect } from '../statistics.ts';

export interface ArmSummaries {
  readonly name: string;
  /** By block; null where the run cannot be used. */
  readonly summaries: readonly (Summary | null)[];
}

const noDifference = 'no difference shown';

/**
 * A difference is shown when its 95 % interval leaves zero out; see `medianInterval` for what that asks of few trials.
 * With fewer than three pairs nothing is ever shown. The p value is told beside it and decides nothing, for with three
 * to five pairs it cannot be small.
 */
export function compareMetric(
  name: MetricName,
  {
    arms,
    baseline,
    seed,
  }: { readonly arms: readonly ArmSummaries[]; readonly baseline: string; readonly seed: number },
): ComparedMetric {
  const metric: Metric = catalog[name];
  const compared = arms.map(({ name: arm, summaries }) => {
    const values = summaries.map((summary) => (summary === null ? null : metric.read(summary)));
    return { name: arm, values, median: median(values.filter((value) => value !== null)) };
  });
  const base = compared.find((arm) => arm.name === baseline)!;
  const others = compared.filter((arm) => arm !== base);
  return {
    metric: name,
    unit: metric.unit,
    better: metric.better,
    arms: compared,
    differences: others.map((arm) => differenceOf({ name, arm, base, seed })),
  };
}

/** `12.3 ms`, `4 percentage points`, `0.31`; three significant digits. */
export function withUnit(value: number, unit: string): string {
  const number = threeDigits(value);
  switch (unit) {
    case '/s':
      return `${number}/s`;
    case '%':
      return `${number} percentage points`;
    case 'ms':
    case 'µs':
      return `${number} ${unit}`;
    default:
      return number;
  }
}

/** `delivery.p99` as it is spoken: `delivery p99`. */
export function spoken(metric: string): string {
  return metric.replaceAll('.', ' ');
}

// ---

type Arm = ComparedMetric['arms'][number];

interface Pairing {
  readonly name: MetricName;
  readonly arm: Arm;
  readonly base: Arm;
  readonly seed: number;
}

function differenceOf({ name, arm, base, seed }: Pairing): Difference {
  const differences = arm.values.flatMap((value, i) => {
    const other = base.values[i];
    return value === null || other === null || other === undefined ? [] : [value - other];
  });
  const difference = median(differences);
  const interval = medianInterval(differences, seed);
  const relative = difference === null || !base.median ? null : difference / base.median;
  const shown = shownBy(interval, catalog[name].better);
  return {
    arm: arm.name,
    difference,
    interval,
    relative,
    p: signFlipP(differences, seed),
    smallestEffect: smallestEffect(differences),
    shown,
    words:
      shown === 'none' || difference === null || interval === null
        ? noDifference
        : wordsFor({
            name,
            arm: arm.name,
            base: base.name,
            difference,
            interval,
            relative,
            trials: differences.length,
          }),
  };
}

function shownBy(interval: Interval | null, better: Metric['better']): Difference['shown'] {
  if (interval === null || (interval[0] <= 0 && interval[1] >= 0)) return 'none';
  return interval[0] > 0 === (better === 'higher') ? 'better' : 'worse';
}

interface Spoken {
  readonly name: MetricName;
  readonly arm: string;
  readonly base: string;
  readonly difference: number;
  readonly interval: Interval;
  readonly relative: number | null;
  readonly trials: number;
}

function wordsFor({ name, arm, base, difference, interval, relative, trials }: Spoken): string {
  const { unit } = catalog[name];
  const lower = difference < 0;
  const [from, to] = lower ? [-interval[1], -interval[0]] : interval;
  const share = relative === null ? '' : ` (${threeDigits(Math.abs(relative) * 100)} %)`;
  const size = `${withUnit(Math.abs(difference), unit)}${share} ${lower ? 'lower' : 'higher'}`;
  return `${arm} is ${size} at ${spoken(name)} than ${base}, 95 % interval ${threeDigits(from)} to ${withUnit(to, unit)}, ${trials} trials`;
}

function threeDigits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
