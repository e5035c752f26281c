/** CPU quotas of running containers: set through the engine, read back from the kernel. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../../system/index.ts';
import type { Container } from './engine.ts';
import { cpuMicrosOf } from './usage.ts';

/** Sets the quota, in cores, and answers the one that the kernel now holds the container to. */
export async function limitCpus(container: Container, cores: number): Promise<number> {
  await container.update({ NanoCpus: Math.round(cores * 1e9) });
  const [quota, period] = (await readInside(container, quotaFiles)).trim().split(/\s+/).map(Number);
  return quota === undefined || period === undefined ? Number.NaN : quota / period;
}

/** CPU per time that the container uses while it is watched; 1 is one core. */
export async function measureCpuShare(container: Container, clock: Clock, forMs: number): Promise<number> {
  const fromMs = clock.now();
  const from = await cpuMicrosOf(container);
  await sleep(forMs);
  const to = await cpuMicrosOf(container);
  return ((to ?? 0) - (from ?? 0)) / 1000 / (clock.now() - fromMs);
}

// ---

/** Version 2 of control groups has both numbers in one file, version 1 in two. */
const quotaFiles =
  'cat /sys/fs/cgroup/cpu.max 2>/dev/null || cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us';

async function readInside(container: Container, command: string): Promise<string> {
  // With a terminal the output comes as it is, without frames.
  const exec = await container.exec({ Cmd: ['sh', '-c', command], AttachStdout: true, Tty: true });
  const stream = await exec.start({ Tty: true });
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}
