/** CPU quotas of running containers: set through the engine, read back from the kernel. */
import type { Container } from './engine.ts';

/** What the kernel says of a container's CPU, in cores. */
export interface CpuReading {
  readonly limit: number;
  /** Used per time, while it was watched. */
  readonly used: number;
}

/** Sets the quota, in cores, then watches for a moment what the kernel makes of it. */
export async function limitCpus(container: Container, cores: number): Promise<CpuReading> {
  await container.update({ NanoCpus: Math.round(cores * 1e9) });
  const [quota, period, fromNs, fromUsed, toNs, toUsed] = (await readInside(container, script)).map(Number);
  const share = (Number(toUsed) - Number(fromUsed)) / (Number(toNs) - Number(fromNs));
  return { limit: Number(quota) / Number(period), used: share };
}

/** What a command says inside a container, in words. */
export async function readInside(container: Container, command: string): Promise<readonly string[]> {
  // With a terminal the output comes as it is, without frames.
  const exec = await container.exec({ Cmd: ['sh', '-c', command], AttachStdout: true, Tty: true });
  const stream = await exec.start({ Tty: true });
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString().trim().split(/\s+/);
}

// ---

/** Quota and period, then twice the time and the CPU used so far, in nanoseconds. The two versions of control groups differ. */
const script = `
cd /sys/fs/cgroup
if [ -f cpu.max ]; then
  cat cpu.max
  used() { while read -r name value; do [ "$name" = usage_usec ] && echo "$value"000; done <cpu.stat; }
else
  cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us
  used() { cat cpuacct/cpuacct.usage; }
fi
date +%s%N; used; sleep 0.4; date +%s%N; used`;
