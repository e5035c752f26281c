/** A chart as plain data: what the page and the PNG draw alike, and what the table beside a chart is made of. */

export interface ChartSpec {
  /** Unique on its page; letters and hyphens. */
  readonly id: string;
  readonly title: string;
  /** What there is to be seen, for those who do not see it. */
  readonly description: string;
  /** How it was drawn, where a reader must know; empty if there is nothing to say. */
  readonly note: string;
  readonly kind: 'lines' | 'bars' | 'intervals';
  readonly x: Axis;
  readonly y: Axis;
  /** `lines`: the places of all series that name none of their own. `bars`: none. */
  readonly places: readonly number[];
  readonly series: readonly Series[];
  /** Faults on a time axis. */
  readonly bands: readonly Span[];
  /** Phases on a time axis. */
  readonly phases: readonly Span[];
}

export interface Axis {
  readonly label: string;
  readonly unit: string;
  /** `time` counts seconds; `percentile` is 1 / (1 - quantile) on a log scale; `names` has one place for each of `names`. */
  readonly scale: 'linear' | 'log' | 'time' | 'percentile' | 'names';
  readonly names?: readonly string[];
  readonly min?: number;
  readonly max?: number;
}

export interface Series {
  readonly name: string;
  /** Chooses colour, dash and marker; equal looks mean equal things on all charts of a page. */
  readonly look: number;
  readonly values: readonly (number | null)[];
  readonly places?: readonly number[];
  /** Ends of an interval around each value. */
  readonly low?: readonly (number | null)[];
  readonly high?: readonly (number | null)[];
  /** `intervals`: what was shown at each place. */
  readonly states?: readonly ('better' | 'worse' | 'none')[];
}

export interface Span {
  readonly fromSec: number;
  readonly toSec: number;
  readonly label: string;
  /** False for a fault of which nothing showed that it took effect. */
  readonly sure: boolean;
}

/** Four significant digits: nobody sees the fifth on a chart, and everybody loads it. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

export function roundedOrNull(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? rounded(value) : null;
}
