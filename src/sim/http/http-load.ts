import type { HttpRequest, Ms } from '../../system/index.ts';

/**
 * Requests that come in waves: each second `perSec` of them are due at the same moment, for `seconds` seconds. Each is
 * sent once. A way of sending may be late, when it has no connection free; it never leaves one out and never is early.
 */
export interface HttpWaves {
  readonly perSec: number;
  readonly seconds: number;
  /** Number `index` of all, counting from 0. */
  readonly requestOf: (index: number) => HttpRequest;
  readonly answered: (exchange: Exchange) => void;
}

/** One request with its answer; moments are readings of the clock. */
export interface Exchange {
  readonly index: number;
  readonly sentMs: Ms;
  readonly answeredMs: Ms;
  readonly status: number;
  /** The answer said when to come again. */
  readonly retryAfter: boolean;
}

/** A way of sending requests. */
export interface HttpLoad {
  /** In words, for the reader of a report: how latency that counts from the actual sending comes about. */
  readonly about: string;
  /** The first wave is due now. */
  start(waves: HttpWaves): RunningHttpLoad;
}

export interface RunningHttpLoad {
  /** Resolves when every request has been answered, or will not be. */
  readonly done: Promise<void>;
  /** Sends nothing more and waits for nothing; resolves when no connection is left. */
  stop(): Promise<void>;
}

/** When a request is due, in milliseconds after the first wave. */
export function dueMs(waves: Pick<HttpWaves, 'perSec'>, index: number): Ms {
  return 1000 * Math.floor(index / waves.perSec);
}
