/** From the folder of a run to all that reports are made of. */
import { distributionOf } from './histogram.ts';
import { readHistory } from './history/reader.ts';
import { judgeRun } from './judge.ts';
import { type Recording, readRecording } from './recording.ts';
import type { FinishedRun, Summary } from './run.ts';
import { openRunDirectory } from './run-directory.ts';
import { foldLatencies, type Latencies, recordOf, seriesOf } from './series.ts';
import { type Judgement, nothingJudged, summarise } from './summary.ts';
import { parseThreshold } from './thresholds.ts';
import { measureWindow } from './window.ts';

/**
 * Reads a run of any day. One that was never concluded (a killed run) is summarised from what is there, without
 * checks, and its verdict is `unknown`. Throws one sentence when the folder is no run or was written by a newer version.
 */
export async function readRun(directory: string): Promise<FinishedRun> {
  const recording = readRecording(directory);
  const latencies = latenciesOf(recording);
  return finishedRun(recording, latencies, recording.summary ?? summarise(recording, nothingJudged, [], latencies));
}

/**
 * The last step of a run: reads what was recorded, judges the history, measures the thresholds and writes `summary.json`.
 * `run.json` must have been written for the last time. Can be repeated. Throws one sentence for a threshold that cannot be read.
 */
export async function concludeRun(directory: string, thresholds: readonly string[] = []): Promise<FinishedRun> {
  for (const threshold of thresholds) parseThreshold(threshold);
  const recording = readRecording(directory);
  const latencies = latenciesOf(recording);
  const judgement = await judgeRecorded(recording);
  const summary = summarise(recording, judgement, thresholds, latencies);
  openRunDirectory(directory).writeSummary(summary);
  return finishedRun(recording, latencies, summary);
}

// ---

/** A run may be recorded without its users' events; then there is only what the laboratory marked, and nothing to judge. */
async function judgeRecorded({ histories }: Recording): Promise<Judgement> {
  const judgement = await judgeRun(readHistory(histories));
  return judgement.tally.users === 0 ? nothingJudged : judgement;
}

function latenciesOf(recording: Recording): Latencies {
  return foldLatencies(recording.histograms, measureWindow(recording.record));
}

function finishedRun(recording: Recording, latencies: Latencies, summary: Summary): FinishedRun {
  return {
    directory: recording.directory,
    record: recording.record,
    summary,
    series: seriesOf(recording.counts, latencies),
    distribution: recordOf((operation) => distributionOf(latencies.measured[operation])),
    samples: recording.samples,
  };
}
