/**
 * Latencies as HDR histograms: microseconds, 3 significant digits, one for each operation, second and server. Merging
 * them is exact, so every later window or comparison is made of these; percentiles are never averaged.
 */
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import {
  type DistributionPoint,
  type HistogramLine,
  type LatencySummary,
  type OperationName,
  operations,
} from './run.ts';

export type { Histogram };

export interface Latency {
  readonly operation: OperationName;
  /** Milliseconds since the start of the run. */
  readonly intendedMs: number;
  /** Below zero counts as 0, above an hour as an hour. */
  readonly latencyMs: number;
  /** The server that the user was connected to, or empty. */
  readonly server: string;
}

export interface LatencyRecorder {
  record(latency: Latency): void;
  /**
   * The histograms of seconds that are over: those more than `settleSeconds` before the newest recorded. A latency that
   * comes later still makes another line for its second; readers merge lines of equal keys.
   */
  lines(): HistogramLine[];
  /** Everything that is left. */
  close(): HistogramLine[];
}

/** How long a second stays open for late arrivals, to keep the number of lines down. */
const settleSeconds = 3;

export function createLatencyRecorder({ worker }: { readonly worker: number }): LatencyRecorder {
  const seconds = new Map<number, Map<string, Partial<Record<OperationName, Histogram>>>>();
  let newest = 0;

  function flush(before: number): HistogramLine[] {
    const ready = [...seconds.keys()].filter((second) => second < before).sort((a, b) => a - b);
    return ready.flatMap((second) => {
      const servers = [...seconds.get(second)!];
      seconds.delete(second);
      return servers.flatMap(([server, byOperation]) =>
        operations.flatMap((operation) => {
          const histogram = byOperation[operation];
          return histogram ? [{ operation, second, server, worker, hdr: encodeHistogram(histogram) }] : [];
        }),
      );
    });
  }

  return {
    record({ operation, intendedMs, latencyMs, server }) {
      const second = Math.max(0, Math.floor(intendedMs / 1000));
      if (second > newest) newest = second;
      const servers = getOrMake(seconds, second, () => new Map());
      const byOperation = getOrMake(servers, server, () => ({}));
      byOperation[operation] ??= createHistogram();
      recordMs(byOperation[operation], latencyMs);
    },
    lines: () => flush(newest - settleSeconds + 1),
    close: () => flush(Number.POSITIVE_INFINITY),
  };
}

export function createHistogram(): Histogram {
  return build({ bitBucketSize: 32, numberOfSignificantValueDigits: 3 });
}

export function recordMs(histogram: Histogram, latencyMs: number): void {
  histogram.recordValue(Math.min(latencyMaxUs, Math.max(0, Math.round(latencyMs * 1000))));
}

/** Base64 of the compressed V2 encoding. */
export function encodeHistogram(histogram: Histogram): string {
  return encodeIntoCompressedBase64(histogram);
}

/** Throws when the text is no histogram. */
export function decodeHistogram(hdr: string): Histogram {
  return decodeFromCompressedBase64(hdr, 32);
}

/** Exact: the histogram of all samples of all of them. */
export function mergeHistograms(histograms: Iterable<Histogram>): Histogram {
  const merged = createHistogram();
  for (const histogram of histograms) merged.add(histogram);
  return merged;
}

/** Samples that must stand behind a percentile: ten beyond it. */
export function samplesNeeded(quantile: number): number {
  return Math.round(10 / (1 - quantile));
}

/** Null when too few samples stand behind it. */
export function percentileMs(histogram: Histogram, quantile: number): number | null {
  return histogram.totalCount < samplesNeeded(quantile) ? null : valueAt(histogram, quantile);
}

export function latencySummary(histogram: Histogram): LatencySummary {
  const empty = histogram.totalCount === 0;
  return {
    count: histogram.totalCount,
    p50: percentileMs(histogram, 0.5),
    p90: percentileMs(histogram, 0.9),
    p99: percentileMs(histogram, 0.99),
    p999: percentileMs(histogram, 0.999),
    max: empty ? null : valueAt(histogram, 1),
    mean: empty ? null : histogram.mean / 1000,
  };
}

/** Of one second, however few the samples; null when there are none. */
export function secondLatency(histogram: Histogram): { p50: number; p90: number; p99: number; max: number } | null {
  if (histogram.totalCount === 0) return null;
  const at = (quantile: number) => valueAt(histogram, quantile);
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: valueAt(histogram, 1) };
}

/**
 * The distribution on a percentile axis, up to the last quantile that enough samples stand behind. The quantiles are the
 * same for every run (1 - 10^-x for x = 0, 0.05 … 5), so that runs can be compared point by point.
 */
export function distributionOf(histogram: Histogram): DistributionPoint[] {
  return distributionQuantiles
    .filter((quantile) => histogram.totalCount >= samplesNeeded(quantile))
    .map((quantile) => ({ quantile, ms: valueAt(histogram, quantile) }));
}

// ---

const latencyMaxUs = 3600e6;
const distributionQuantiles = Array.from({ length: 101 }, (_, i) => 1 - 10 ** -(i / 20));

function valueAt(histogram: Histogram, quantile: number): number {
  return histogram.getValueAtPercentile(quantile * 100) / 1000;
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
