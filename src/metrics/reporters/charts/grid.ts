/** Equal windows of time, wide enough that a chart of an hour stays readable and small. */
import type { FinishedRun } from '../../run.ts';
import { roundedOrNull } from './spec.ts';

export interface Grid {
  /** Whole seconds. */
  readonly windowSec: number;
  /** The middle of each window, in seconds since the start. */
  readonly places: readonly number[];
  readonly totalSec: number;
}

/** How the values of one window become one. A percentile is never averaged: the worst second stands for the window. */
export type Fold = 'worst' | 'mean';

const windowsSec = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];

export function gridOf(run: FinishedRun, pointsMax: number): Grid {
  const totalSec = secondsOf(run);
  const windowSec = windowsSec.find((width) => totalSec / width <= pointsMax) ?? Math.ceil(totalSec / pointsMax);
  const length = Math.ceil(totalSec / windowSec);
  const places = Array.from({ length }, (_, index) => Math.min((index + 0.5) * windowSec, totalSec));
  return { windowSec, places, totalSec };
}

/** One value for each window; null where nothing was measured. */
export function folded<T>(
  grid: Grid,
  points: Iterable<T>,
  of: { readonly second: (point: T) => number; readonly value: (point: T) => number | null; readonly fold: Fold },
): (number | null)[] {
  const counts = new Array<number>(grid.places.length).fill(0);
  const values = new Array<number>(grid.places.length).fill(0);
  for (const point of points) {
    const value = of.value(point);
    const index = Math.floor(of.second(point) / grid.windowSec);
    if (value === null || counts[index] === undefined) continue;
    values[index] =
      of.fold === 'mean' ? values[index]! + value : counts[index] === 0 ? value : Math.max(values[index]!, value);
    counts[index]!++;
  }
  return values.map((value, index) => {
    const count = counts[index]!;
    return count === 0 ? null : roundedOrNull(of.fold === 'mean' ? value / count : value);
  });
}

/** The sentence that a reader of a coarse chart is owed; empty when each second has its point. */
export function gridNote(grid: Grid, fold: Fold): string {
  if (grid.windowSec === 1) return '';
  const shown = fold === 'worst' ? 'the highest value among them' : 'their mean';
  return `Each point stands for ${grid.windowSec} seconds and shows ${shown}.`;
}

// ---

function secondsOf({ series, record, samples }: FinishedRun): number {
  let end = 1;
  for (const { second } of series) end = Math.max(end, second + 1);
  for (const { tMs } of samples) end = Math.max(end, Math.ceil(tMs / 1000));
  for (const { toMs } of record.phases) end = Math.max(end, Math.ceil(toMs / 1000));
  return end;
}
