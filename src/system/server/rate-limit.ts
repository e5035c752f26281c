import type { Clock, Ms } from '../ports.ts';

/** A token bucket: `burst` at once, refilled evenly. */
export interface Rate {
  readonly perMs: number;
  readonly burst: number;
}

export interface Bucket {
  tokens: number;
  at: Ms;
}

export function fullBucket({ burst }: Rate, now: Ms): Bucket {
  return { tokens: burst, at: now };
}

/** Takes `cost` tokens and answers 0, or takes none and answers how long to wait for them. */
export function take(bucket: Bucket, { perMs, burst }: Rate, now: Ms, cost = 1): Ms {
  const tokens = Math.min(burst, bucket.tokens + (now - bucket.at) * perMs);
  bucket.at = now;
  const granted = tokens >= cost;
  bucket.tokens = granted ? tokens - cost : tokens;
  return granted ? 0 : Math.ceil((cost - tokens) / perMs);
}

/** A value for each key, for at most `keysMax` of them; beyond that the one asked for least recently starts afresh. */
export interface Remembered<Key, Value> {
  of(key: Key): Value;
}

export function remember<Key, Value>(keysMax: number, make: () => Value): Remembered<Key, Value> {
  const values = new Map<Key, Value>();
  return {
    of(key) {
      const value = values.get(key) ?? make();
      values.delete(key);
      values.set(key, value);
      if (values.size > keysMax) values.delete(values.keys().next().value!);
      return value;
    },
  };
}

/** A token bucket for each key: `perMinute` at once, refilled evenly. */
export interface RateLimit<Key = string> {
  /** Takes one token and answers 0, or answers how long to wait for one. */
  take(key: Key): Ms;
}

export function createRateLimit<Key = string>(
  clock: Clock,
  { perMinute, keysMax }: { perMinute: number; keysMax: number },
): RateLimit<Key> {
  const rate = { perMs: perMinute / 60_000, burst: perMinute };
  const buckets = remember<Key, Bucket>(keysMax, () => fullBucket(rate, clock.now()));
  return { take: (key) => take(buckets.of(key), rate, clock.now()) };
}
