import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { readStat } from '../../../src/sim/backends/processes/proc.ts';
import { observe, waitUntil } from '../../../src/sim/backends/processes/proof.ts';
import { createThrottle, type Throttle } from '../../../src/sim/backends/processes/throttle.ts';
import { createSystemClock } from '../../../src/system/node.ts';

const clock = createSystemClock();
const busyLoop = 'for (;;);';
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function spin(): ChildProcess & { readonly pid: number } {
  const child = spawn(process.execPath, ['-e', busyLoop], { stdio: 'ignore' });
  cleanups.push(() => void child.kill('SIGKILL'));
  return child as ChildProcess & { readonly pid: number };
}

function throttle(): Throttle {
  const created = createThrottle();
  cleanups.push(() => created.stop());
  return created;
}

const stateIs = (pid: number, states: string) =>
  waitUntil(async () => states.includes(readStat(pid)?.state ?? '?'), 3000);

describe.skipIf(process.platform !== 'linux')('the throttle', () => {
  it('gives a process its share of the time, then none, then all', async () => {
    const { pid } = spin();
    const { set } = throttle();
    set({ pid, share: 0.3 });
    expect(await stateIs(pid, 'T')).toBe(true);
    const slowed = await observe(pid, clock, 800);
    expect(slowed.runShare).toBeGreaterThan(0.15);
    expect(slowed.runShare).toBeLessThan(0.45);
    expect(slowed.cpuShare).toBeLessThan(0.45);
    set({ pid, share: 0 });
    expect(await stateIs(pid, 'T')).toBe(true);
    expect((await observe(pid, clock, 200)).cpuShare).toBe(0);
    set({ pid, share: 1 });
    expect(await stateIs(pid, 'R')).toBe(true);
    expect((await observe(pid, clock, 200)).runShare).toBe(1);
  });

  it('lets everything run again when it is stopped', async () => {
    const { pid } = spin();
    const { set, stop } = throttle();
    set({ pid, share: 0 });
    expect(await stateIs(pid, 'T')).toBe(true);
    await stop();
    expect(await stateIs(pid, 'RS')).toBe(true);
  });

  it('lets everything run again when the laboratory is killed', async () => {
    const { pid } = spin();
    const laboratory = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { createThrottle } from ${JSON.stringify(import.meta.resolve('../../../src/sim/backends/processes/throttle.ts'))};
         createThrottle().set({ pid: ${pid}, share: 0 });
         setInterval(() => {}, 1000);`,
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    cleanups.push(() => void laboratory.kill('SIGKILL'));
    expect(await stateIs(pid, 'T')).toBe(true);
    laboratory.kill('SIGKILL');
    expect(await stateIs(pid, 'RS')).toBe(true);
  });
});
