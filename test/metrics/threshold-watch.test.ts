import { describe, expect, it } from 'vitest';
import { createLatencyRecorder, createThresholdWatch, type HistogramLine } from '../../src/metrics/index.ts';
import { sampleRun } from '../helpers/sample-runs.ts';

const record = { ...sampleRun().record, phases: [] };
const measureFromMs = 2500;

/** From second 0 on, one delivery each 10 ms at each of two servers; the second one takes `latencyMs` from second 5 on. */
function linesTo(second: number, latencyMs: number): HistogramLine[] {
  const recorder = createLatencyRecorder({ worker: 0 });
  for (let at = 0; at < second * 1000; at += 10) {
    recorder.record({ operation: 'delivery', intendedMs: at, latencyMs: 1, server: 's1' });
    recorder.record({ operation: 'delivery', intendedMs: at, latencyMs: at < 5000 ? 1 : latencyMs, server: 's2' });
  }
  return recorder.close();
}

function watchOf(expression: string, lines: readonly HistogramLine[]) {
  const watch = createThresholdWatch(['delivery.p50 < 0ms', expression])!;
  watch.histograms(lines);
  return (nowMs: number) => watch.broken({ record, measureFromMs, nowMs });
}

describe('a threshold watched while a run lasts', () => {
  it('is there only where one is to end the run', () => {
    expect(createThresholdWatch(['delivery.p99 < 1ms', 'lost == 0'])).toBeNull();
  });

  it('is broken once seconds that are told in full show it, and not before', () => {
    const broken = watchOf('delivery.max < 50ms abortOnFail', linesTo(10, 70));
    expect(broken(5999)).toBeNull();
    expect(broken(8000)).toBeNull();
    expect(broken(9000)).toEqual({
      threshold: 'delivery.max < 50ms abortOnFail',
      actual: expect.closeTo(70, 0),
      atMs: 9000,
    });
  });

  it('holds as long as nothing breaks it, or too few samples stand behind it', () => {
    expect(watchOf('delivery.max < 50ms abortOnFail', linesTo(10, 20))(20_000)).toBeNull();
    expect(watchOf('delivery.p999 < 50ms abortOnFail', linesTo(10, 70))(9000)).toBeNull();
  });

  it('knows nothing of the time before the measure phase', () => {
    const slow = linesTo(2, 1).map((line) => ({ ...line, second: 0 }));
    expect(watchOf('delivery.max < 0.5ms abortOnFail', slow)(30_000)).toBeNull();
  });

  it('looks at one server where it is told to', () => {
    const lines = linesTo(10, 70);
    expect(watchOf('delivery.max{server=s1} < 50ms abortOnFail', lines)(20_000)).toBeNull();
    expect(watchOf('delivery.max{server=s2} < 50ms abortOnFail', lines)(20_000)).not.toBeNull();
  });
});
