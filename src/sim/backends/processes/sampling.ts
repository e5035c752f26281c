import type { LocalCluster } from '../../../system/node.ts';
import type { Usage, Watched } from '../sampling.ts';
import { readChildren, readMemory, readStat } from './proc.ts';

/** The processes of a cluster, with CPU and memory from `/proc`. */
export function watchedProcesses(local: LocalCluster): readonly Watched[] {
  const views = () => [...local.servers, ...local.balancers];
  const pidOf = (name: string) => views().find((view) => view.name === name)?.pid ?? null;
  const components = views().map(
    ({ name, role, origin }): Watched => ({ name, role, origin, usage: async () => usageOf(pidOf(name)) }),
  );
  if (local.database.pid === null) return components;
  const usage = async () => databaseUsage(local.database.pid);
  return [...components, { name: 'database', role: 'database', origin: null, usage }];
}

// ---

function usageOf(pid: number | null): Usage | null {
  const stat = pid === null ? null : readStat(pid);
  if (pid === null || stat === null) return null;
  return { life: pid, cpuMicros: stat.cpuMicros, rssBytes: readMemory(pid)?.rssBytes ?? 0 };
}

/**
 * The postmaster and its children. CPU of a child that ends goes over to the postmaster's account, so the sum only grows.
 * Shared buffers stand in every child's memory and are counted once.
 */
function databaseUsage(pid: number | null): Usage | null {
  const postmaster = pid === null ? null : readStat(pid);
  if (pid === null || postmaster === null) return null;
  const children = readChildren(pid);
  const childrenMicros = sum(children.map((child) => readStat(child)?.cpuMicros ?? 0));
  const memories = [pid, ...children].map(readMemory).filter((memory) => memory !== null);
  const sharedBytes = Math.max(0, ...memories.map((memory) => memory.sharedBytes));
  return {
    life: pid,
    cpuMicros: postmaster.cpuMicros + postmaster.childrenCpuMicros + childrenMicros,
    rssBytes: sharedBytes + sum(memories.map((memory) => memory.rssBytes - memory.sharedBytes)),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
