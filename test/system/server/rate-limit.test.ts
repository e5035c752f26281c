import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRateLimit, fullBucket, take } from '../../../src/system/server/rate-limit.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';

describe('a token bucket', () => {
  it('takes all of the cost or nothing, and says truly when it can', () => {
    const rate = { perMs: 0.01, burst: 10 };
    const bucket = fullBucket(rate, 0);
    expect([take(bucket, rate, 0, 8), take(bucket, rate, 0, 5)]).toEqual([0, 300]);
    expect(take(bucket, rate, 0, 2)).toBe(0);
    expect(take(bucket, rate, 299, 3)).toBe(1);
    expect(take(bucket, rate, 300, 3)).toBe(0);
  });
});

describe('a rate limit', () => {
  it('grants as many at once as in a minute, then says how long to wait, and that is true', async () => {
    const clock = createManualClock();
    const limit = createRateLimit(clock, { perMinute: 3, keysMax: 10 });
    expect([1, 2, 3].map(() => limit.take('anna'))).toEqual([0, 0, 0]);
    const waitMs = limit.take('anna');
    expect(waitMs).toBe(20_000);
    expect(limit.take('bob')).toBe(0);
    await clock.advance(waitMs - 1);
    expect(limit.take('anna')).toBeGreaterThan(0);
    await clock.advance(1);
    expect(limit.take('anna')).toBe(0);
  });

  it('never grants more than burst plus rate in any stretch of time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 50 }), fc.array(fc.nat({ max: 5000 })), async (perMinute, gaps) => {
        const clock = createManualClock();
        const limit = createRateLimit(clock, { perMinute, keysMax: 1 });
        let granted = 0;
        for (const gap of gaps) {
          await clock.advance(gap);
          if (limit.take('x') === 0) granted++;
        }
        expect(granted).toBeLessThanOrEqual(perMinute + (clock.now() * perMinute) / 60_000 + 1e-6);
      }),
      { numRuns: 50 },
    );
  });

  it('remembers a bounded number of keys and forgets the one used least recently', () => {
    const limit = createRateLimit(createManualClock(), { perMinute: 1, keysMax: 2 });
    expect([limit.take('a'), limit.take('b'), limit.take('c')]).toEqual([0, 0, 0]);
    expect(limit.take('c')).toBeGreaterThan(0);
    expect(limit.take('a')).toBe(0);
  });
});
