import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startSchedule, waitUntil } from '../../../src/sim/users/schedule.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';

const times = fc.array(fc.double({ min: 0, max: 1000, noNaN: true })).map((list) => Float64Array.from(list).sort());

describe('a schedule', () => {
  it('acts at every moment, in order, never early', async () => {
    await fc.assert(
      fc.asyncProperty(times, async (atMs) => {
        const clock = createManualClock();
        const acts: { index: number; at: number; lateMs: number }[] = [];
        const schedule = startSchedule({
          clock,
          atMs,
          startMs: 5,
          act: (index, lateMs) => acts.push({ index, at: clock.now(), lateMs }),
        });
        await clock.advance(1006);
        await schedule.done;
        expect(acts.map(({ index }) => index)).toEqual([...atMs.keys()]);
        for (const { index, at, lateMs } of acts) {
          expect(at).toBeGreaterThan(5 + atMs[index]! - 0.01);
          expect(lateMs).toBeLessThan(0.01);
        }
        expect(clock.pending).toBe(0);
      }),
    );
  });

  it('skips nothing when it is late, and says how late', async () => {
    const clock = createManualClock();
    const late: number[] = [];
    await clock.advance(100);
    startSchedule({ clock, startMs: 0, atMs: Float64Array.of(10, 90, 150), act: (_, lateMs) => late.push(lateMs) });
    await clock.advance(100);
    expect(late).toEqual([90, 10, 0]);
  });

  it('can be caught up by whoever keeps its timer waiting, and still acts once at every moment', async () => {
    const clock = createManualClock();
    const acts: string[] = [];
    const atMs = Float64Array.of(10, 20, 30, 500);
    const schedule = startSchedule({
      clock,
      startMs: 0,
      atMs,
      act: (index, lateMs) => acts.push(`${index}+${lateMs}`),
    });
    schedule.catchUp(9);
    expect(acts).toEqual([]);
    schedule.catchUp(25);
    expect(acts).toEqual(['0+15', '1+5']);
    await clock.advance(600);
    await schedule.done;
    schedule.catchUp(1000);
    expect(acts).toEqual(['0+15', '1+5', '2+0', '3+0']);
  });

  it('ends at once when it is cancelled', async () => {
    const clock = createManualClock();
    let acts = 0;
    const schedule = startSchedule({ clock, startMs: 0, atMs: Float64Array.of(1, 100), act: () => acts++ });
    await clock.advance(50);
    schedule.cancel();
    await schedule.done;
    await clock.advance(100);
    expect([acts, clock.pending]).toEqual([1, 0]);
  });
});

describe('waiting for something', () => {
  it('ends when it is so, or when the bound has passed', async () => {
    const clock = createManualClock();
    let isSo = false;
    const [soon, never] = [waitUntil(clock, 1000, () => isSo), waitUntil(clock, 100, () => false)];
    await clock.advance(50);
    isSo = true;
    await clock.advance(60);
    expect(await Promise.all([soon, never])).toEqual([true, false]);
    expect(clock.pending).toBe(0);
  });
});
