/** A run second by second, and the latencies of its measure phase. */
import { addExtra } from './extra-counts.ts';
import { createHistogram, decodeHistogram, type Histogram, secondLatency } from './histogram.ts';
import { type CountLine, type HistogramLine, type OperationName, operations, type SecondPoint } from './run.ts';
import { inWindow, type Window } from './window.ts';

export interface Latencies {
  /** All samples intended in the window, by operation. */
  readonly measured: Readonly<Record<OperationName, Histogram>>;
  readonly bySecond: ReadonlyMap<number, SecondPoint['latency']>;
}

/** Second by second, so that only one second's histograms are in memory beside the totals. */
export function foldLatencies(lines: readonly HistogramLine[], window: Window): Latencies {
  const measured = recordOf(createHistogram);
  const bySecond = new Map<number, SecondPoint['latency']>();
  for (const [second, ofSecond] of groupBy(lines, (line) => line.second)) {
    const merged = recordOf(createHistogram);
    for (const line of ofSecond) merged[line.operation].add(decodeHistogram(line.hdr));
    bySecond.set(
      second,
      recordOf((operation) => secondLatency(merged[operation])),
    );
    if (!inWindow(window, second)) continue;
    for (const operation of operations) measured[operation].add(merged[operation]);
  }
  return { measured, bySecond };
}

/** From second 0 to the last that anything is known of, without holes. */
export function seriesOf(counts: readonly CountLine[], latencies: Latencies): SecondPoint[] {
  const totals = totalsBySecond(counts);
  const end = Math.max(-1, ...totals.keys(), ...latencies.bySecond.keys());
  let backlog = 0;
  return Array.from({ length: end + 1 }, (_, second) => {
    const { expected, worker: _worker, extra: _extra, ...total } = totals.get(second) ?? { ...noCounts, second };
    backlog += expected - total.delivered;
    return {
      ...total,
      backlog: Math.max(0, backlog),
      latency: latencies.bySecond.get(second) ?? recordOf(() => null),
    };
  });
}

/** The sum over the seconds of the window and all workers. */
export function sumCounts(counts: readonly CountLine[], window: Window): CountLine {
  return counts.filter((line) => inWindow(window, line.second)).reduce(addCounts, noCounts);
}

/** One value for each kind of latency. */
export function recordOf<T>(make: (operation: OperationName) => T): Record<OperationName, T> {
  return Object.fromEntries(operations.map((operation) => [operation, make(operation)])) as Record<OperationName, T>;
}

// ---

const noCounts: CountLine = {
  second: 0,
  worker: 0,
  offered: 0,
  sent: 0,
  accepted: 0,
  refused: 0,
  delivered: 0,
  expected: 0,
  connected: 0,
  disconnects: 0,
};

function totalsBySecond(counts: readonly CountLine[]): Map<number, CountLine> {
  const totals = new Map<number, CountLine>();
  for (const line of counts) totals.set(line.second, addCounts(totals.get(line.second) ?? noCounts, line));
  return totals;
}

function addCounts(sum: CountLine, line: CountLine): CountLine {
  return {
    second: line.second,
    worker: 0,
    offered: sum.offered + line.offered,
    sent: sum.sent + line.sent,
    accepted: sum.accepted + line.accepted,
    refused: sum.refused + line.refused,
    delivered: sum.delivered + line.delivered,
    expected: sum.expected + line.expected,
    connected: sum.connected + line.connected,
    disconnects: sum.disconnects + line.disconnects,
    extra: addExtra(sum.extra ?? {}, line.extra ?? {}),
  };
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => number): [number, T[]][] {
  const groups = new Map<number, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return [...groups].sort(([a], [b]) => a - b);
}
