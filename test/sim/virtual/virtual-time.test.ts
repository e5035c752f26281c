import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createVirtualTime } from '../../../src/sim/backends/virtual/virtual-time.ts';
import { createSeededRandom } from '../../../src/system/index.ts';

const hourMs = 3_600_000;

describe('virtual time', () => {
  it('passes an hour of waiting in no time', async () => {
    const time = worldTime(1);
    const end = await time.run(async () => {
      await passes(time, hourMs);
      return { now: time.clock.now(), wall: time.clock.wall() };
    });
    expect(end).toEqual({ now: hourMs, wall: Date.UTC(2026, 0, 1, 1) });
  });

  it('lets all promises settle between two events', async () => {
    const time = worldTime(1);
    const seen: string[] = [];
    await time.run(async () => {
      time.clock.after(1, () => {
        void deep(50).then(() => seen.push('settled'));
      });
      time.clock.after(1.000001, () => seen.push('next event'));
      await passes(time, 2);
    });
    expect(seen).toEqual(['settled', 'next event']);
  });

  it('runs a delay of zero or below later, never at once', async () => {
    const time = worldTime(1);
    const seen: string[] = [];
    await time.run(async () => {
      time.clock.after(-5, () => seen.push('later'));
      seen.push('now');
      await passes(time, 1);
    });
    expect(seen).toEqual(['now', 'later']);
  });

  it('never runs what was cancelled, also when thousands were', async () => {
    const time = worldTime(1);
    const ran: number[] = [];
    await time.run(async () => {
      const cancels = Array.from({ length: 5000 }, (_, index) => time.clock.after(index % 97, () => ran.push(index)));
      for (const [index, cancel] of cancels.entries()) if (index % 10 !== 0) cancel();
      await passes(time, 100);
    });
    expect(ran).toHaveLength(500);
    expect(ran.every((index) => index % 10 === 0)).toBe(true);
  });

  it('runs events in the order of their moments', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 20 })), fc.integer(), async (delays, seed) => {
        const time = worldTime(seed);
        const moments: number[] = [];
        await time.run(async () => {
          for (const delay of delays) time.clock.after(delay, () => moments.push(time.clock.now()));
          await passes(time, 21);
        });
        expect(moments).toEqual(delays.toSorted((a, b) => a - b));
      }),
    );
  });

  it('orders events of one moment by the seed, the same for the same seed', async () => {
    const orders = await Promise.all([1, 1, 2].map((seed) => orderOfEqualMoments(seed)));
    expect(orders[0]).toEqual(orders[1]);
    expect(orders[0]).not.toEqual(orders[2]);
    expect(orders[2]!.toSorted()).toEqual(orders[0]!.toSorted());
  });

  it('reports a deadlock: the work waits and nothing is due', async () => {
    const time = worldTime(1);
    const stuck = time.run(async () => {
      await passes(time, 5);
      await new Promise(() => undefined);
    });
    await expect(stuck).rejects.toThrow('Virtual time stopped at 5 ms: nothing is due, yet the work still waits.');
  });

  it('gives up at the limit of virtual time', async () => {
    const time = worldTime(1);
    const forever = (): void => void time.clock.after(1000, forever);
    const endless = time.run(
      () => {
        forever();
        return new Promise(() => undefined);
      },
      { limitMs: hourMs },
    );
    await expect(endless).rejects.toThrow(`The work was not done after ${hourMs} ms of virtual time, its limit.`);
  });

  it('passes on what an event or the work throws', async () => {
    const time = worldTime(1);
    const broken = time.run(async () => {
      time.clock.after(1, () => {
        throw new Error('a defect in a timer');
      });
      await passes(time, 10);
    });
    await expect(broken).rejects.toThrow('a defect in a timer');
    await expect(worldTime(1).run(async () => Promise.reject(new Error('a defect in the work')))).rejects.toThrow(
      'a defect in the work',
    );
  });

  it('stops when the signal fires, with its reason, and what was due never happens', async () => {
    const time = worldTime(1);
    const abort = new AbortController();
    const ran: string[] = [];
    const stopped = time.run(
      async () => {
        time.clock.after(3, () => abort.abort(new Error('enough')));
        time.clock.after(4, () => ran.push('too late'));
        await passes(time, 10);
      },
      { signal: abort.signal },
    );
    await expect(stopped).rejects.toThrow('enough');
    expect(ran).toEqual([]);
  });
});

// ---

function worldTime(seed: number) {
  return createVirtualTime(createSeededRandom(seed));
}

function passes(time: ReturnType<typeof worldTime>, delayMs: number): Promise<void> {
  return new Promise((resolve) => void time.clock.after(delayMs, resolve));
}

async function deep(levels: number): Promise<void> {
  if (levels > 0) await deep(levels - 1);
}

async function orderOfEqualMoments(seed: number): Promise<number[]> {
  const time = worldTime(seed);
  const order: number[] = [];
  await time.run(async () => {
    for (let index = 0; index < 20; index++) time.clock.after(1, () => order.push(index));
    await passes(time, 2);
  });
  return order;
}
