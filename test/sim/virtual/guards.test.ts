import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { zeroOutUint8Array } from 'ts-mls/util/byteArray.js';
import { describe, expect, it } from 'vitest';
import { guarded } from '../../../src/sim/backends/virtual/guards.ts';
import { createVirtualTime } from '../../../src/sim/backends/virtual/virtual-time.ts';
import { createSeededRandom } from '../../../src/system/index.ts';

describe('the guards of the virtual world', () => {
  it.each(guarded.map((guard) => [guard.name, guard] as const))('%s throws and names its port', async (_, guard) => {
    const message = await messageOf(() => Reflect.apply(Reflect.get(guard.owner, guard.key), guard.owner, []));
    expect(message).toContain(`${guard.name} was called inside the virtual world`);
    expect(message).toContain(`use ${guard.instead}.`);
  });

  it.each([
    ['new Date()', () => new Date(), 'Clock.wall()'],
    ['Date()', () => Date(), 'Clock.wall()'],
    ['an imported randomUUID', () => randomUUID(), 'Random.bytes()'],
    ['an imported connect', () => connect(1), 'Transport'],
    ['an imported sleep', () => sleep(1), 'Clock.after()'],
    ['a WebSocket', () => new WebSocket('ws://localhost:1'), 'Transport'],
  ])('%s throws and names its port', async (_, offend, port) => {
    expect(await messageOf(offend)).toContain(`use ${port}.`);
  });

  it('also throw in what runs after a wait and in events', async () => {
    const time = createVirtualTime(createSeededRandom(1));
    const late = time.run(async () => {
      await new Promise<void>((resolve) => void time.clock.after(1, resolve));
      await Promise.resolve();
      return Date.now();
    });
    await expect(late).rejects.toThrow('Date.now was called inside the virtual world');
  });

  it('leave the wiping of keys alone, which draws and then zeroes', async () => {
    const key = new Uint8Array([1, 2, 3]);
    await inside(() => zeroOutUint8Array(key));
    expect([...key]).toEqual([0, 0, 0]);
  });

  it('leave a date of a known moment alone', async () => {
    expect(await inside(() => new Date(0).toISOString())).toBe('1970-01-01T00:00:00.000Z');
  });

  it('do not stand before, after, or between the turns of a run', async () => {
    const originals = guarded.map(({ owner, key }) => Reflect.get(owner, key));
    const time = createVirtualTime(createSeededRandom(1));
    let ticks = 0;
    const outside = setInterval(() => {
      ticks += Math.sign(Date.now());
    }, 0);
    let steps = 0;
    await time.run(
      () =>
        new Promise<void>((resolve) => {
          const step = (): void => {
            if (++steps === 50_000) resolve();
            else time.clock.after(1, step);
          };
          step();
        }),
    );
    clearInterval(outside);
    expect(ticks).toBeGreaterThan(0);
    expect(guarded.map(({ owner, key }) => Reflect.get(owner, key))).toEqual(originals);
    expect(Date.now()).toBeGreaterThan(0);
  });
});

// ---

function inside<T>(work: () => T): Promise<T> {
  return createVirtualTime(createSeededRandom(1)).run(async () => work());
}

async function messageOf(offend: () => unknown): Promise<string> {
  return inside(offend).then(
    () => 'nothing was thrown',
    (error: unknown) => (error as Error).message,
  );
}
