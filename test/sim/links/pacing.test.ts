import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPacing } from '../../../src/sim/links/pacing.ts';
import { createSeededRandom } from '../../../src/system/index.ts';

const pieces = fc.array(fc.record({ afterMs: fc.nat(50), bytes: fc.nat(5000) }), { minLength: 1, maxLength: 50 });
const slow = fc.record({
  kind: fc.constant('slow' as const),
  delayMs: fc.nat(200),
  jitterMs: fc.nat(100),
  bytesPerSec: fc.option(fc.integer({ min: 100, max: 1_000_000 })),
});

function paced(
  seed: number,
  sent: readonly { afterMs: number; bytes: number }[],
  behaviour: Parameters<ReturnType<typeof createPacing>['dueMs']>[2],
) {
  const pacing = createPacing(createSeededRandom(seed));
  let nowMs = 0;
  return sent.map(({ afterMs, bytes }) => {
    nowMs += afterMs;
    return { sentMs: nowMs, bytes, dueMs: pacing.dueMs(nowMs, bytes, behaviour) };
  });
}

describe('pieces on a slow link', () => {
  it('keep their order, and none comes before its delay', () => {
    fc.assert(
      fc.property(fc.integer(), pieces, slow, (seed, sent, behaviour) => {
        const arrivals = paced(seed, sent, behaviour);
        for (const [index, { sentMs, dueMs }] of arrivals.entries()) {
          expect(dueMs).toBeGreaterThanOrEqual(sentMs + behaviour.delayMs);
          if (index > 0) expect(dueMs).toBeGreaterThanOrEqual(arrivals[index - 1]!.dueMs);
        }
      }),
    );
  });

  it('come no faster than its bandwidth allows', () => {
    fc.assert(
      fc.property(fc.integer(), pieces, slow, (seed, sent, behaviour) => {
        fc.pre(behaviour.bytesPerSec !== null);
        const arrivals = paced(seed, sent, behaviour);
        const bytes = arrivals.reduce((sum, piece) => sum + piece.bytes, 0);
        const leastMs = arrivals[0]!.sentMs + (bytes / behaviour.bytesPerSec!) * 1000;
        expect(arrivals.at(-1)!.dueMs).toBeGreaterThanOrEqual(leastMs - 1e-6);
      }),
    );
  });

  it('come at the same moments for the same seed', () => {
    fc.assert(
      fc.property(fc.integer(), pieces, slow, (seed, sent, behaviour) => {
        expect(paced(seed, sent, behaviour)).toEqual(paced(seed, sent, behaviour));
      }),
    );
  });
});
