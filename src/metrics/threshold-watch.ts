/** Judges thresholds with `abortOnFail` while the run lasts, on what its measure phase has shown so far. */
import { createHistogram, decodeHistogram } from './histogram.ts';
import type {
  ComponentSample,
  CountLine,
  EndedEarly,
  HistogramLine,
  HttpLine,
  InstrumentLine,
  RunRecord,
} from './run.ts';
import { recordOf } from './series.ts';
import { nothingJudged, numbersOf } from './summary.ts';
import { taggedRecording } from './tags.ts';
import { judgeThreshold, parseThreshold, type Threshold } from './thresholds.ts';
import { inWindow, type Window } from './window.ts';

export interface ThresholdWatch {
  /** Hears what is recorded, in any order. */
  histograms(lines: readonly HistogramLine[]): void;
  counts(lines: readonly CountLine[]): void;
  instrument(lines: readonly InstrumentLine[]): void;
  samples(lines: readonly ComponentSample[]): void;
  http(lines: readonly HttpLine[]): void;
  /** The first threshold that is broken now; null while all hold or cannot be told. `nowMs` since the start of the run. */
  broken(now: {
    readonly record: RunRecord;
    readonly measureFromMs: number;
    readonly nowMs: number;
  }): EndedEarly | null;
}

/** Null when no threshold is to end the run. Histograms are merged as they come, so that a look costs little in a long run too. */
export function createThresholdWatch(expressions: readonly string[]): ThresholdWatch | null {
  const watched = expressions
    .map(parseThreshold)
    .filter(({ abortOnFail }) => abortOnFail)
    .map((threshold) => ({ threshold, measured: recordOf(createHistogram) }));
  if (watched.length === 0) return null;
  let waiting: HistogramLine[] = [];
  const counts: CountLine[] = [];
  const instrument: InstrumentLine[] = [];
  const samples: ComponentSample[] = [];
  const http: HttpLine[] = [];

  return {
    histograms: (lines) => void waiting.push(...lines),
    counts: (lines) => void counts.push(...lines),
    instrument: (lines) => void instrument.push(...lines),
    samples: (lines) => void samples.push(...lines),
    http: (lines) => void http.push(...lines),
    broken({ record, measureFromMs, nowMs }) {
      const window: Window = [{ from: Math.ceil(measureFromMs / 1000), to: Math.floor(nowMs / 1000) - settleSeconds }];
      if (window[0]!.from >= window[0]!.to) return null;
      take(window);
      const recorded = { record, counts, samples, instrument, http, histograms: [] };
      for (const { threshold, measured } of watched) {
        const narrowed = taggedRecording(recorded, threshold.tags);
        const { result, actual } = judgeThreshold(threshold, numbersOf(narrowed, nothingJudged, { measured }, window));
        if (result === 'fail') return { threshold: threshold.expression, actual: actual!, atMs: nowMs };
      }
      return null;
    },
  };

  /** Merges what lies in the window; what is older is of no interest, what is newer waits. */
  function take(window: Window): void {
    const ready = waiting.filter(({ second }) => second < window[0]!.to);
    waiting = waiting.filter(({ second }) => second >= window[0]!.to);
    for (const line of ready.filter(({ second }) => inWindow(window, second))) {
      const histogram = decodeHistogram(line.hdr);
      for (const { threshold, measured } of watched) {
        if (asksFor(threshold, line)) measured[line.operation].add(histogram);
      }
    }
  }
}

// ---

/** A second is told in full this much later: users hand on what they measured when it is over and late arrivals are in. */
const settleSeconds = 3;

function asksFor({ tags }: Threshold, line: HistogramLine): boolean {
  return tags.server === undefined || tags.server === line.server;
}
