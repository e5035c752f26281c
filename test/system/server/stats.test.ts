import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCounter, createStats } from '../../../src/system/server/stats.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';

const sample = { cpuFraction: 0, cpuMicros: 0, rssBytes: 0, eventLoopUtilization: 0, eventLoopP99Ms: 0 };

describe('what a server counts', () => {
  it('a steady rate is shown as it is, soon and after a long time, and falls to zero after the window', async () => {
    const clock = createManualClock();
    const counter = createCounter(clock);
    for (let i = 0; i < 600; i++) {
      await clock.advance(50);
      counter.add(5);
      if (i > 20) expect(counter.perSec()).toBeGreaterThan(85);
      if (i > 20) expect(counter.perSec()).toBeLessThan(115);
    }
    expect(counter.total).toBe(3000);
    await clock.advance(5000);
    expect(counter.perSec()).toBe(0);
  });

  it('the rate never counts what is older than the window', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat({ max: 3000 }), fc.nat({ max: 9 }))), async (steps) => {
        const clock = createManualClock();
        const counter = createCounter(clock);
        const adds: { at: number; count: number }[] = [];
        for (const [gap, count] of steps) {
          await clock.advance(gap);
          counter.add(count);
          adds.push({ at: clock.now(), count });
        }
        const recent = adds.filter((add) => add.at > clock.now() - 5000).reduce((sum, add) => sum + add.count, 0);
        const window = Math.max(1, Math.min(4500, clock.now()));
        expect(counter.perSec()).toBeLessThanOrEqual((recent / window) * 1000 + 1e-6);
      }),
      { numRuns: 50 },
    );
  });

  it('the median batch is of the last window only', async () => {
    const clock = createManualClock();
    const stats = createStats(clock, { sample: () => sample });
    for (const tookMs of [900, 900, 900]) stats.batch(tookMs);
    await clock.advance(6000);
    for (const tookMs of [1, 3, 200]) stats.batch(tookMs);
    expect(stats.read().batchP50Ms).toBe(3);
  });

  it('several readers share one sample of the vitals', async () => {
    const clock = createManualClock();
    let samples = 0;
    const stats = createStats(clock, { sample: () => ({ ...sample, cpuMicros: ++samples }) });
    expect([stats.read().cpuMicros, stats.read().cpuMicros]).toEqual([1, 1]);
    await clock.advance(100);
    expect(stats.read().cpuMicros).toBe(2);
  });
});
