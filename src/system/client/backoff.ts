import type { Ms, Random } from '../ports.ts';

/**
 * How long to wait before the next attempt: full jitter, uniform between 0 and min(max, base × 2^failures), so that
 * clients that lost the same server do not come back at once.
 * From: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function backoffMs(options: {
  readonly failures: number;
  readonly baseMs: Ms;
  readonly maxMs: Ms;
  readonly random: Random;
}): Ms {
  return options.random.next() * Math.min(options.maxMs, options.baseMs * 2 ** options.failures);
}
