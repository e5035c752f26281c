import { spawnSync } from 'node:child_process';
import { describe, expect, it, vi } from 'vitest';
import { createLog } from '../../../src/system/adapters/json-log.ts';
import { createNodeSecrets } from '../../../src/system/adapters/node-secrets.ts';
import { createVitals } from '../../../src/system/adapters/process-vitals.ts';
import { createSystemClock } from '../../../src/system/adapters/system-clock.ts';
import { createSystemRandom } from '../../../src/system/adapters/system-random.ts';

describe('the system clock', () => {
  it('reads the same monotonic clock as every other process of the machine', () => {
    const clock = createSystemClock();
    const before = clock.now();
    const other = spawnSync(process.execPath, ['-p', 'Number(process.hrtime.bigint()) / 1e6'], { encoding: 'utf8' });
    const after = clock.now();
    expect(Number(other.stdout)).toBeGreaterThan(before);
    expect(Number(other.stdout)).toBeLessThan(after);
  });

  it('never runs backwards and never calls early', async () => {
    const clock = createSystemClock();
    const delays = [0.2, 1, 1.5, 3, 3.7, 8];
    const early = await Promise.all(
      delays.map((delay) => {
        const start = clock.now();
        return new Promise<number>((resolve) => clock.after(delay, () => resolve(clock.now() - start - delay)));
      }),
    );
    for (const ms of early) expect(ms).toBeGreaterThanOrEqual(0);
  });

  it('calls later, not at once, for a delay of zero or less, and not at all when cancelled', async () => {
    const clock = createSystemClock();
    const calls: string[] = [];
    clock.after(0, () => calls.push('zero'));
    clock.after(-5, () => calls.push('negative'));
    clock.after(0, () => calls.push('cancelled'))();
    clock.after(1, () => calls.push('cancelled later'))();
    expect(calls).toEqual([]);
    await new Promise<void>((resolve) => clock.after(4, resolve));
    expect(calls).toEqual(['zero', 'negative']);
  });
});

describe('the system clock of a machine so busy that moments pass between two looks at it', () => {
  it('asks for no delay below zero', async () => {
    const real = performance.now.bind(performance);
    let looks = 0;
    const look = vi.spyOn(performance, 'now').mockImplementation(() => real() + 5 * looks++);
    const delays = vi.spyOn(globalThis, 'setTimeout');
    try {
      const clock = createSystemClock();
      await new Promise<void>((resolve) => clock.after(1, resolve));
      expect(delays).toHaveBeenCalled();
      for (const [, delayMs] of delays.mock.calls) expect(delayMs).toBeGreaterThanOrEqual(0);
    } finally {
      look.mockRestore();
      delays.mockRestore();
    }
  });
});

describe('the system source of chance', () => {
  it('draws fractions in [0, 1) that differ', () => {
    const random = createSystemRandom();
    const draws = Array.from({ length: 2000 }, () => random.next());
    expect(new Set(draws).size).toBe(draws.length);
    expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
    expect(random.bytes(33)).toHaveLength(33);
  });
});

describe('passwords', () => {
  const cheap = createNodeSecrets({ memoryKiB: 8, passes: 1 });

  it('fit their own hash only, and never fit nobody’s', async () => {
    const hash = await cheap.hashPassword('correct horse');
    expect(await cheap.verifyPassword('correct horse', hash)).toBe(true);
    expect(await cheap.verifyPassword('correct mule', hash)).toBe(false);
    expect(await cheap.verifyPassword('correct horse', null)).toBe(false);
    expect(await cheap.verifyPassword('correct horse', 'plain text')).toBe(false);
  });

  it('keep their cost in the hash, so that another setting still verifies them', async () => {
    const hash = await cheap.hashPassword('correct horse');
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=8,t=1,p=1\$/);
    expect(await createNodeSecrets({ memoryKiB: 64, passes: 2 }).verifyPassword('correct horse', hash)).toBe(true);
  });

  it('take as much work for nobody as for somebody', async () => {
    const secrets = createNodeSecrets({ memoryKiB: 4096, passes: 2 });
    const hash = await secrets.hashPassword('correct horse');
    const cpuOf = async (stored: string | null) => {
      const start = process.cpuUsage();
      for (let round = 0; round < 5; round++) await secrets.verifyPassword('wrong horse', stored);
      const { user, system } = process.cpuUsage(start);
      return user + system;
    };
    const [somebody, nobody] = [await cpuOf(hash), await cpuOf(null)];
    expect(nobody / somebody).toBeGreaterThan(0.3);
    expect(nobody / somebody).toBeLessThan(3);
  });

  it('are salted: the same password has two hashes; tokens have one digest', async () => {
    expect(await cheap.hashPassword('same')).not.toBe(await cheap.hashPassword('same'));
    expect(cheap.digestToken('t')).toBe(cheap.digestToken('t'));
    expect(cheap.digestToken('t')).not.toBe(cheap.digestToken('u'));
  });
});

describe('the log', () => {
  it('writes one JSON object per line and drops what is below its level', () => {
    const lines: string[] = [];
    const log = createLog({ component: 's1', destination: { write: (line) => lines.push(line) } });
    log.write('debug', 'not worth it');
    log.write('warn', 'slow reader', { user: 'alice', bufferedBytes: 12 });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      level: 'warn',
      component: 's1',
      message: 'slow reader',
      user: 'alice',
      bufferedBytes: 12,
    });
  });
});

describe('vitals', () => {
  it('show the work and the stall of the last window', async () => {
    const clock = createSystemClock();
    const vitals = createVitals(1);
    await new Promise<void>((resolve) => clock.after(30, resolve));
    const before = vitals.sample();
    const end = clock.now() + 120;
    while (clock.now() < end);
    await new Promise<void>((resolve) => clock.after(1, resolve));
    const busy = vitals.sample();
    expect(busy.eventLoopP99Ms).toBeGreaterThan(90);
    expect(busy.cpuMicros).toBeGreaterThan(before.cpuMicros);
    expect(busy.rssBytes).toBeGreaterThan(1e6);
  });

  it('answer the same within a window', () => {
    const vitals = createVitals(60_000);
    expect(vitals.sample()).toBe(vitals.sample());
    expect(Object.values(vitals.sample()).every(Number.isFinite)).toBe(true);
  });
});
