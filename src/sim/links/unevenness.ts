/** Whether answers over a link vary as its jitter demands. */
import type { ProbeResult } from './probe.ts';

/** So many questions are asked of a link that is to be uneven, one closely after the other. */
export const questions = 16;

/**
 * Each answer is late by two draws from 0 to `jitterMs`, one for each way. That the middle one of sixteen comes within a
 * tenth of it after the fastest happens about once in 500,000 times.
 */
const demandedShare = 1 / 10;

/**
 * How much later than the fastest the middle answer came, in milliseconds; null when a question was not answered. The slower
 * half does not count, since a busy machine makes answers late.
 */
export function spreadOf(results: readonly ProbeResult[]): number | null {
  const tookMs = results.flatMap((result) => (result.kind === 'answered' ? [result.tookMs] : []));
  if (tookMs.length < results.length) return null;
  const sorted = tookMs.toSorted((a, b) => a - b);
  return sorted[sorted.length / 2]! - sorted[0]!;
}

export function spreadMsMin(jitterMs: number): number {
  return jitterMs * demandedShare;
}

/** Also how it was before, for who wants to know what the machine contributes. */
export function describeSpread(seen: {
  readonly jitterMs: number;
  readonly beforeMs: number | null;
  readonly spreadMs: number | null;
}): string {
  const { jitterMs, beforeMs, spreadMs } = seen;
  const now = spreadMs === null ? '' : `half of them ${spreadMs.toFixed(1)} ms or more after the fastest`;
  const before = beforeMs === null ? '' : ` (${beforeMs.toFixed(1)} ms before)`;
  return `${now}${before}; ${jitterMs} ms of jitter demands at least ${spreadMsMin(jitterMs).toFixed(1)} ms`;
}
