import type { Vitals } from '../../system/index.ts';
import { createVitals } from '../../system/node.ts';

/** As `createVitals`, with the CPU of this thread instead of that of the process. */
export function createThreadVitals(): Vitals {
  const vitals = createVitals();
  let atMs = performance.now();
  let cpuMicros = threadCpuMicros();
  return {
    sample() {
      const nowMs = performance.now();
      const nowMicros = threadCpuMicros();
      const cpuFraction = (nowMicros - cpuMicros) / 1000 / Math.max(1, nowMs - atMs);
      atMs = nowMs;
      cpuMicros = nowMicros;
      return { ...vitals.sample(), cpuFraction, cpuMicros };
    },
  };
}

// ---

function threadCpuMicros(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
