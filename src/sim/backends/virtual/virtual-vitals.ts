import type { Ms, Vitals } from '../../../system/index.ts';
import { memory } from './costs.ts';
import type { VirtualProcess } from './virtual-process.ts';

/** What a process would measure of itself, read from its simulated core. Memory is modelled by the connections it holds. */
export function createVirtualVitals(process: VirtualProcess, connections: () => number): Vitals {
  let sinceMs = process.clock.now();
  let sinceMicros = process.usage.cpuMicros;
  let loadFraction = 0;

  return {
    sample() {
      const now = process.clock.now();
      const { cpuMicros } = process.usage;
      if (now > sinceMs) loadFraction = (cpuMicros - sinceMicros) / 1000 / (now - sinceMs);
      const waits = process.usage.waitsSince(sinceMs);
      sinceMs = now;
      sinceMicros = cpuMicros;
      return {
        cpuFraction: loadFraction,
        cpuMicros,
        rssBytes: memory.baseBytes + connections() * memory.perConnectionBytes,
        eventLoopUtilization: Math.min(1, loadFraction),
        eventLoopP99Ms: percentile99(waits),
      };
    },
  };
}

// ---

function percentile99(waits: readonly Ms[]): Ms {
  if (waits.length === 0) return 0;
  return waits.toSorted((a, b) => a - b)[Math.floor(waits.length * 0.99)]!;
}
