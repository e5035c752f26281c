import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backoffMs } from '../../../src/system/client/backoff.ts';
import { createSeededRandom } from '../../../src/system/seeded-random.ts';

it('waits anything from nothing to the doubled base, never above the maximum', () => {
  fc.assert(
    fc.property(
      fc.nat(60),
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 1, max: 60_000 }),
      fc.nat(),
      (n, baseMs, maxMs, seed) => {
        const delayMs = backoffMs({ failures: n, baseMs, maxMs, random: createSeededRandom(seed) });
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThan(Math.min(maxMs, baseMs * 2 ** n));
      },
    ),
  );
});
