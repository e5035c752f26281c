import type { Clock, Ms } from '../ports.ts';

/** A token bucket for each key: `perMinute` at once, refilled evenly. */
export interface RateLimit {
  /** Takes one token and answers 0, or answers how long to wait for one. */
  take(key: string): Ms;
}

interface Bucket {
  tokens: number;
  at: Ms;
}

/** Remembers at most `keysMax` keys; beyond that the one used least recently starts afresh. */
export function createRateLimit(clock: Clock, options: { perMinute: number; keysMax: number }): RateLimit {
  const { perMinute, keysMax } = options;
  const perMs = perMinute / 60_000;
  const buckets = new Map<string, Bucket>();

  const refilled = (key: string): Bucket => {
    const now = clock.now();
    const old = buckets.get(key);
    if (old === undefined) return { tokens: perMinute, at: now };
    return { tokens: Math.min(perMinute, old.tokens + (now - old.at) * perMs), at: now };
  };

  return {
    take(key) {
      const bucket = refilled(key);
      const granted = bucket.tokens >= 1;
      if (granted) bucket.tokens -= 1;
      buckets.delete(key);
      buckets.set(key, bucket);
      if (buckets.size > keysMax) buckets.delete(buckets.keys().next().value!);
      return granted ? 0 : Math.ceil((1 - bucket.tokens) / perMs);
    },
  };
}
