/** What the laboratory and a worker thread say to each other. */
import type { LogFields, LogLevel, Ms } from '../../system/index.ts';
import type { Scenario } from '../scenario.ts';
import type { CrowdPlan, CrowdTotals } from './crowd-contract.ts';
import type { News } from './news.ts';
import type { LineSinks } from './seconds.ts';

/** Given to a worker at its start. It builds the trace again: that is faster than to send it. */
export interface WorkerOrder {
  readonly worker: number;
  readonly workers: number;
  readonly scenario: Scenario;
  readonly seed: number;
  readonly tag: string;
  /** Reading of the machine's monotonic clock, which all threads share. */
  readonly runStartMs: Ms;
  /** HTTP origins; users are spread over them evenly. */
  readonly endpoints: readonly string[];
  /** The folder of the run. */
  readonly directory: string;
  readonly session: CrowdPlan['session'];
  /** Report the lines as they are written. */
  readonly follow: boolean;
}

/** A method of `Crowd` to call; answered by `done` or `failed` with the same number. */
export type WorkerCall = { readonly id: number } & (
  | { readonly method: 'signUp' | 'openConversations' | 'comeBack' | 'stop' }
  | { readonly method: 'connect' | 'send'; readonly startMs: Ms }
);

/** What other crowds tell; not answered. */
export interface WorkerNews {
  readonly method: 'hear';
  readonly news: readonly News[];
}

/** Lines as they were written, for whoever watches the run. */
export type LinesReport = {
  readonly [sink in keyof LineSinks]: {
    readonly kind: 'lines';
    readonly sink: sink;
    readonly lines: Parameters<LineSinks[sink]>[0];
  };
}[keyof LineSinks];

export type WorkerReport =
  | { readonly kind: 'done'; readonly id: number; readonly totals: CrowdTotals }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string }
  | { readonly kind: 'totals'; readonly totals: CrowdTotals }
  | { readonly kind: 'news'; readonly news: readonly News[] }
  | LinesReport
  | { readonly kind: 'log'; readonly level: LogLevel; readonly message: string; readonly fields: LogFields };
