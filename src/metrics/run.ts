/** What a run is on disk and in memory: the contract between the laboratory, which writes it, and all that reads it. */
import type { Verdict } from './checks/check.ts';
import type { LossRecord, StartRecord } from './cluster-record.ts';
import type { ExtraCounts, ExtraSummary } from './extra-counts.ts';

/** `run.json`. Written at the start with `complete: false`, again at the end. */
export interface RunRecord {
  readonly schema: 1;
  /** `<time>-<seed>`, the folder's name. */
  readonly id: string;
  readonly scenario: { readonly name: string; readonly description: string };
  /** The scenario as resolved, after every override; JSON. */
  readonly resolved: unknown;
  readonly seed: number;
  /** Hash of who connects when and what is sent when; equal for all arms of a comparison. */
  readonly traceHash: string;
  readonly backend: string;
  readonly strategy: string;
  readonly mode: string;
  readonly encryption: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly complete: boolean;
  /** Why it is not complete, if it is not. */
  readonly aborted: string | null;
  /** The threshold with `abortOnFail` that cut the measure phase short; the run is whole but for that, and has failed. */
  readonly endedEarly?: EndedEarly;
  /** Servers that were ended by a limit of theirs and stayed away; the run has failed. Absent when there were none. */
  readonly losses?: readonly LossRecord[];
  /** How long the cluster took to start; absent where nothing is started. */
  readonly start?: StartRecord;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: {
    readonly cpus: number;
    readonly cpuModel: string;
    readonly memoryBytes: number;
    readonly os: string;
  };
  readonly phases: readonly Phase[];
  readonly faults: readonly FaultRecord[];
  readonly servers: readonly string[];
  /** The command that runs it again. */
  readonly again: string;
  /** Deviations from production settings that a reader must know, for example a cheap password hash. */
  readonly notes: readonly string[];
}

export interface EndedEarly {
  readonly threshold: string;
  /** What it was then, in the metric's unit. */
  readonly actual: number;
  /** Milliseconds since the start of the run. */
  readonly atMs: number;
}

export interface Phase {
  readonly name: 'setup' | 'ramp' | 'warmup' | 'measure' | 'drain';
  /** Milliseconds since the start of the run. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a fault did, as measured, not as planned. */
export interface FaultRecord {
  readonly kind: string;
  readonly target: string;
  readonly fromMs: number;
  /** Null when it lasted to the end. */
  readonly toMs: number | null;
  /** False when nothing showed that it took effect: the run is then unknown. */
  readonly effective: boolean;
  /** What was measured to prove it. */
  readonly proof: string;
}

/** Latency kinds. All end at the user; all but the `Uncorrected` ones start at the *intended* moment. */
export const operations = [
  'connect',
  'signIn',
  'signInUncorrected',
  'accepted',
  'delivery',
  'acceptedUncorrected',
  'deliveryUncorrected',
  'fanOut',
  'catchUp',
  'presence',
  'upload',
  'download',
] as const;
export type OperationName = (typeof operations)[number];

/** One line of `histograms.jsonl`: an encoded HDR histogram (microseconds, 3 significant digits). */
export interface HistogramLine {
  readonly operation: OperationName;
  /** Whole second since the start of the run in which the operation was *intended*. */
  readonly second: number;
  /** The server that the user was connected to, or empty. */
  readonly server: string;
  readonly worker: number;
  /** Base64 of the compressed V2 encoding. */
  readonly hdr: string;
}

/** One line of `counts.jsonl`: what happened in one second, by worker. */
export interface CountLine {
  readonly second: number;
  readonly worker: number;
  /** Sends that were due in this second by the trace, charged to the second of intention. */
  readonly offered: number;
  /** By the second in which they happened. */
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
  readonly delivered: number;
  /**
   * Deliveries that the accepted messages of this second call for: the sum of other members. Who was a member may be
   * learned later; then the second of learning has what was missing, or less than nothing.
   */
  readonly expected: number;
  readonly connected: number;
  readonly disconnects: number;
  /** What else the scenario has. */
  readonly extra?: ExtraCounts;
}

/** One line of `http.jsonl`: requests over HTTP besides those of the users' setting up, by the second in which they were due. */
export interface HttpLine {
  readonly second: number;
  readonly due: number;
  /** How many were answered with which status. */
  readonly answers: Readonly<Record<string, number>>;
  /** Answers that said when to come again. */
  readonly retryAfter: number;
}

/** One line of `samples.jsonl`: what one component did in the window that ended at `tMs`. */
export interface ComponentSample {
  readonly tMs: number;
  readonly name: string;
  readonly role: 'server' | 'balancer' | 'database' | 'generator';
  /** Cores used in the window. */
  readonly cpuFraction: number;
  /** CPU since the component started; null when unknown. */
  readonly cpuMicros: number | null;
  readonly rssBytes: number | null;
  readonly eventLoopP99Ms: number | null;
  readonly sessions: number | null;
  readonly acceptedPerSec: number | null;
  readonly deliveredPerSec: number | null;
  /** Frames that told of presence; null when unknown. */
  readonly presencePerSec: number | null;
  readonly inFlight: number | null;
  /** Time in which it wanted to run and its CPU quota was used up, per time, summed over its threads; only of containers. */
  readonly throttledFraction?: number;
  /** Only of containers. */
  readonly receivedBytesPerSec?: number;
  readonly sentBytesPerSec?: number;
}

/** What the generator says about itself; judged in `instrument.ts`. One line per worker and second in `instrument.jsonl`. */
export interface InstrumentLine {
  readonly second: number;
  readonly worker: number;
  /** Actual minus intended moment of sending, 99th percentile and maximum of this second. */
  readonly slipP99Ms: number;
  readonly slipMaxMs: number;
  /** Sends more than 10 ms late, and all sends. */
  readonly late: number;
  readonly sends: number;
  readonly eventLoopP99Ms: number;
  readonly cpuFraction: number;
}

export interface LatencySummary {
  readonly count: number;
  /** Milliseconds; null where too few samples stand behind the percentile (fewer than 10 / (1 - q)). */
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
  readonly mean: number | null;
}

export interface InstrumentVerdict {
  readonly state: 'VALID' | 'DEGRADED' | 'INVALID';
  readonly reasons: readonly string[];
  readonly slipP99Ms: number;
  /** Share of sends more than 10 ms late. */
  readonly lateShare: number;
  readonly eventLoopP99Ms: number;
  readonly cpuFraction: number;
}

export interface ServerSummary {
  readonly name: string;
  readonly acceptedPerSec: number;
  readonly deliveredPerSec: number;
  /** Frames that told of presence. */
  readonly presencePerSec: number;
  readonly sessions: number;
  readonly cpuFraction: number;
  readonly rssBytes: number;
  readonly eventLoopP99Ms: number;
}

export interface Fairness {
  /** Jain's index, 1 is equal; and the largest share over the mean. */
  readonly jain: number;
  readonly maxOverMean: number;
}

export interface ThresholdResult {
  readonly expression: string;
  readonly result: 'pass' | 'fail' | 'unknown';
  readonly actual: number | null;
}

/** Requests over HTTP that were due in the measure phase. */
export interface HttpSummary {
  readonly due: number;
  /** How many were answered with which status, whenever that was. */
  readonly answers: Readonly<Record<string, number>>;
  readonly unanswered: number;
  /** Answers that said when to come again. */
  readonly retryAfter: number;
  /** Good answers (2xx) for each second of the phase. */
  readonly okPerSec: number;
}

/** `summary.json`: the measure phase in numbers. Latencies in milliseconds, rates per second. */
export interface Summary {
  readonly schema: 1;
  readonly verdict: 'pass' | 'fail' | 'unknown';
  /** Why the verdict is not `pass`; empty if it is. */
  readonly reasons: readonly string[];
  readonly instrument: InstrumentVerdict;
  readonly latency: Readonly<Record<OperationName, LatencySummary>>;
  readonly rates: { readonly offered: number; readonly accepted: number; readonly delivered: number };
  readonly counts: {
    readonly users: number;
    readonly offered: number;
    readonly accepted: number;
    readonly refused: number;
    readonly unknown: number;
    readonly delivered: number;
    readonly lost: number;
    readonly duplicated: number;
    readonly reordered: number;
    readonly disconnects: number;
  };
  /** Null when the scenario has none. */
  readonly http: HttpSummary | null;
  /** What else the scenario has; empty when nothing. */
  readonly extra: ExtraSummary;
  readonly servers: readonly ServerSummary[];
  readonly fairness: { readonly rate: Fairness; readonly sessions: Fairness; readonly cpu: Fairness };
  /** CPU microseconds per delivered message in the measure phase, by role; null when not sampled. */
  readonly cpuUsPerMessage: Readonly<Record<ComponentSample['role'], number | null>>;
  readonly checks: readonly Verdict[];
  readonly thresholds: readonly ThresholdResult[];
}

/** One second of a run, all workers and servers together. Percentiles in milliseconds, of what was intended in that second. */
export interface SecondPoint {
  readonly second: number;
  readonly offered: number;
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
  readonly delivered: number;
  readonly connected: number;
  readonly disconnects: number;
  /** Deliveries still owed at the end of this second. */
  readonly backlog: number;
  readonly latency: Readonly<Record<OperationName, { p50: number; p90: number; p99: number; max: number } | null>>;
}

/** A point of a distribution on a percentile axis: `quantile` of the samples are at or below `ms`. */
export interface DistributionPoint {
  readonly quantile: number;
  readonly ms: number;
}

/** All that a report is made of; read back from a run's folder by `readRun`. */
export interface FinishedRun {
  readonly directory: string;
  readonly record: RunRecord;
  readonly summary: Summary;
  readonly series: readonly SecondPoint[];
  /** Of the measure phase; ascending quantiles, denser towards 1. */
  readonly distribution: Readonly<Record<OperationName, readonly DistributionPoint[]>>;
  readonly samples: readonly ComponentSample[];
}
