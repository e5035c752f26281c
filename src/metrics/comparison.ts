/** What `nawaab compare` finds: arms (strategies) that met the same traces in interleaved trials. */
import type { DistributionPoint, FinishedRun, InstrumentVerdict, OperationName } from './run.ts';

/** `comparison.json`. */
export interface Comparison {
  readonly schema: 1;
  readonly scenario: { readonly name: string; readonly description: string };
  readonly backend: string;
  readonly startedAt: string;
  readonly seed: number;
  /** Arms in the order named; the first is the baseline unless another was chosen. */
  readonly baseline: string;
  /** Blocks that every arm finished. One block is one trial of each arm on one trace, in an order shuffled by the seed. */
  readonly blocks: readonly { readonly block: number; readonly traceHash: string; readonly order: readonly string[] }[];
  readonly arms: readonly ComparisonArm[];
  readonly metrics: readonly ComparedMetric[];
  /** What was shown and what was not, in words; the most telling first. */
  readonly findings: readonly string[];
  /** The worst of all trials. */
  readonly instrument: InstrumentVerdict;
  readonly verdict: 'pass' | 'fail' | 'unknown';
  readonly reasons: readonly string[];
  readonly again: string;
  readonly machine: FinishedRun['record']['machine'];
  readonly versions: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

export interface ComparisonArm {
  readonly name: string;
  /** One folder per block, relative to the comparison's own folder. */
  readonly runs: readonly {
    readonly block: number;
    readonly directory: string;
    readonly verdict: string;
    readonly instrument: string;
  }[];
  /** Median over the trials at each quantile, with a bootstrap 95 % band. */
  readonly distribution: Readonly<
    Record<OperationName, readonly (DistributionPoint & { readonly low: number; readonly high: number })[]>
  >;
  /** Mean over the trials of each server's share, by server name. */
  readonly servers: readonly {
    readonly name: string;
    readonly rateShare: number;
    readonly sessionShare: number;
    readonly cpuFraction: number;
    readonly cpuShare: number;
  }[];
}

export interface ComparedMetric {
  /** A name of the catalogue, for example `delivery.p99`. */
  readonly metric: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly arms: readonly {
    readonly name: string;
    readonly values: readonly (number | null)[];
    readonly median: number | null;
  }[];
  /** Each arm but the baseline against it, paired by block. */
  readonly differences: readonly Difference[];
}

export interface Difference {
  readonly arm: string;
  /** Median of the paired differences (arm minus baseline), in the metric's unit; null with no complete pair. */
  readonly difference: number | null;
  /** Bootstrap 95 % interval of it. */
  readonly interval: readonly [number, number] | null;
  /** Relative to the baseline's median. */
  readonly relative: number | null;
  /** Two-sided paired permutation test. */
  readonly p: number | null;
  /** The smallest true difference that these trials would have shown four times in five. */
  readonly smallestEffect: number | null;
  readonly shown: 'better' | 'worse' | 'none';
  /** "no difference shown" when the interval straddles zero. */
  readonly words: string;
}
