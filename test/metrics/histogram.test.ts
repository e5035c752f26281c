import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHistogram, recordMs, samplesNeeded } from '../../src/metrics/histogram.ts';
import {
  createLatencyRecorder,
  decodeHistogram,
  distributionOf,
  encodeHistogram,
  type HistogramLine,
  latencySummary,
  mergeHistograms,
  percentileMs,
} from '../../src/metrics/index.ts';

const latencyMs = fc.double({ min: 0, max: 100_000, noNaN: true });
const latencies = fc.array(latencyMs, { maxLength: 300 });

describe('a histogram', () => {
  it('merged from parts equals the histogram of all samples', () => {
    fc.assert(
      fc.property(fc.array(latencies, { maxLength: 5 }), (parts) => {
        const merged = mergeHistograms(parts.map(histogramOf));
        expect(valuesOf(merged)).toEqual(valuesOf(histogramOf(parts.flat())));
      }),
    );
  });

  it('survives its encoding', () => {
    fc.assert(
      fc.property(latencies, (samples) => {
        const histogram = histogramOf(samples);
        const decoded = decodeHistogram(encodeHistogram(histogram));
        expect(valuesOf(decoded)).toEqual(valuesOf(histogram));
        expect(latencySummary(decoded)).toEqual(latencySummary(histogram));
      }),
    );
  });

  it('tells percentiles within the error of three digits', () => {
    fc.assert(
      fc.property(
        fc.array(latencyMs, { minLength: 1000, maxLength: 3000 }),
        fc.constantFrom(0.5, 0.9, 0.99),
        (samples, q) => {
          const sorted = samples.toSorted((a, b) => a - b);
          const exact = sorted[Math.ceil(q * sorted.length) - 1]!;
          expect(Math.abs(percentileMs(histogramOf(samples), q)! - exact)).toBeLessThanOrEqual(exact * 0.001 + 0.0011);
        },
      ),
      { numRuns: 20 },
    );
  });

  it.each([
    [0.5, 20],
    [0.9, 100],
    [0.99, 1000],
    [0.999, 10_000],
  ])('needs, for the quantile %d, %d samples', (quantile, needed) => {
    expect(samplesNeeded(quantile)).toBe(needed);
    expect(percentileMs(histogramOf(Array(needed - 1).fill(5)), quantile)).toBeNull();
    expect(percentileMs(histogramOf(Array(needed).fill(5)), quantile)).toBeCloseTo(5, 2);
  });

  it('without samples has no figures and no distribution', () => {
    const empty = { count: 0, p50: null, p90: null, p99: null, p999: null, max: null, mean: null };
    expect(latencySummary(histogramOf([]))).toEqual(empty);
    expect(distributionOf(histogramOf([]))).toEqual([]);
  });

  it('draws its distribution ascending, up to where ten samples are beyond', () => {
    fc.assert(
      fc.property(latencies, (samples) => {
        const points = distributionOf(histogramOf(samples));
        expect(points.map(({ ms }) => ms)).toEqual(points.map(({ ms }) => ms).toSorted((a, b) => a - b));
        for (const { quantile } of points) expect(samples.length * (1 - quantile)).toBeGreaterThan(9.4);
      }),
    );
  });
});

describe('the latency recorder', () => {
  const sample = fc.record({
    operation: fc.constantFrom('delivery' as const, 'accepted' as const),
    intendedMs: fc.nat(20_000),
    latencyMs,
    server: fc.constantFrom('', 's1', 's2'),
  });

  it('loses no sample, whenever its lines are taken', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(sample, fc.boolean())), (steps) => {
        const recorder = createLatencyRecorder({ worker: 3 });
        const lines: HistogramLine[] = [];
        for (const [latency, take] of steps) {
          recorder.record(latency);
          if (take) lines.push(...recorder.lines());
        }
        lines.push(...recorder.close());
        expect(samplesByKey(lines)).toEqual(expectedByKey(steps.map(([latency]) => latency)));
        expect(lines.every(({ worker }) => worker === 3)).toBe(true);
      }),
    );
  });

  it('gives each second away once it is settled, so that memory does not grow with the run', () => {
    const recorder = createLatencyRecorder({ worker: 0 });
    const taken: number[] = [];
    for (let second = 0; second < 100; second++) {
      recorder.record({ operation: 'delivery', intendedMs: second * 1000, latencyMs: 1, server: 's1' });
      taken.push(...recorder.lines().map((line) => line.second));
    }
    expect(taken).toEqual(Array.from({ length: 97 }, (_, second) => second));
    expect(recorder.close()).toHaveLength(3);
    expect(recorder.close()).toEqual([]);
  });
});

// ---

function histogramOf(samplesMs: readonly number[]) {
  const histogram = createHistogram();
  for (const ms of samplesMs) recordMs(histogram, ms);
  return histogram;
}

/** Every sample as the histogram knows it, ascending. */
function valuesOf(histogram: ReturnType<typeof histogramOf>): number[] {
  const { totalCount } = histogram;
  return Array.from({ length: totalCount }, (_, i) => histogram.getValueAtPercentile((100 * (i + 0.5)) / totalCount));
}

function samplesByKey(lines: readonly HistogramLine[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of lines) {
    const key = `${line.operation} ${line.second} ${line.server}`;
    counts[key] = (counts[key] ?? 0) + decodeHistogram(line.hdr).totalCount;
  }
  return counts;
}

function expectedByKey(samples: readonly { operation: string; intendedMs: number; server: string }[]) {
  const counts: Record<string, number> = {};
  for (const { operation, intendedMs, server } of samples) {
    const key = `${operation} ${Math.floor(intendedMs / 1000)} ${server}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
