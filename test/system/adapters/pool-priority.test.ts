import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { createNodeSecrets } from '../../../src/system/adapters/node-secrets.ts';
import { lowerPoolPriority } from '../../../src/system/adapters/pool-priority.ts';

const perThread = process.platform === 'linux';
const before = getPriority();
afterAll(() => expect(getPriority()).toBe(before));

function poolPriorities(): number[] {
  return readdirSync('/proc/self/task')
    .filter((thread) => readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').startsWith('libuv-worker'))
    .map((thread) => getPriority(Number(thread)));
}

describe.runIf(perThread)('the threads that hash passwords', () => {
  it('stand behind the event loop, which keeps its priority', async () => {
    const lowered = await lowerPoolPriority();
    expect(lowered).toBeGreaterThan(0);
    expect(poolPriorities()).toEqual(Array(lowered).fill(10));
    expect(getPriority(process.pid)).toBe(before);
  });

  it('still do their work, and are no others than before', async () => {
    const lowered = await lowerPoolPriority();
    const secrets = createNodeSecrets({ memoryKiB: 8, passes: 1 });
    const hashes = await Promise.all(Array.from({ length: 16 }, (_, i) => secrets.hashPassword(`password ${i}`)));
    expect(await secrets.verifyPassword('password 7', hashes[7]!)).toBe(true);
    expect(poolPriorities()).toEqual(Array(lowered).fill(10));
  });
});

describe.runIf(!perThread)('where threads have no priority of their own', () => {
  it('nothing is changed', async () => {
    expect(await lowerPoolPriority()).toBe(0);
  });
});
