/** What the laboratory may use of the metrics. */

export { catalog, type Metric, type MetricName, metricNames, type Unit } from './catalog.ts';
export type * from './checks/check.ts';
export { type CheckName, checkNames, checks, isAbstention } from './checks/index.ts';
export { closestFirst } from './closest.ts';
export type { LossRecord, StartRecord } from './cluster-record.ts';
export { type ArmRun, compareRuns } from './compare/index.ts';
export type * from './comparison.ts';
export type { ExtraCountName } from './extra-counts.ts';
export { fairnessOf } from './fairness.ts';
export {
  createLatencyRecorder,
  decodeHistogram,
  distributionOf,
  encodeHistogram,
  type Latency,
  type LatencyRecorder,
  latencySummary,
  mergeHistograms,
  percentileMs,
} from './histogram.ts';
export * from './history/event.ts';
export {
  type Divergence,
  describeEvent,
  firstDivergence,
  historyHash,
} from './history/hash.ts';
export { createMemoryHistory, type MemoryHistory } from './history/memory.ts';
export { type History, readHistory } from './history/reader.ts';
export { createHistoryWriter, type HistoryWriter } from './history/writer.ts';
export { judgeInstrument, worseInstrument } from './instrument.ts';
export { judge } from './judge.ts';
export { concludeRun, readRun } from './read-run.ts';
export { readRecording } from './recording.ts';
export * from './reporters/index.ts';
export * from './run.ts';
export {
  createLineWriter,
  createRunDirectory,
  historyPath,
  type LineFiles,
  type LineWriter,
  openRunDirectory,
  type RunDirectory,
} from './run-directory.ts';
export { median, medianInterval, signFlipP, smallestEffect } from './statistics.ts';
export { partNames } from './tags.ts';
export { createThresholdWatch, type ThresholdWatch } from './threshold-watch.ts';
export { judgeThreshold, parseThreshold } from './thresholds.ts';
