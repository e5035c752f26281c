import type { ComponentSample } from '../../metrics/index.ts';

/** A sample of which nothing is known yet. */
export function blankSample(tMs: number, name: string, role: ComponentSample['role']): ComponentSample {
  return {
    tMs,
    name,
    role,
    cpuFraction: 0,
    cpuMicros: null,
    rssBytes: null,
    eventLoopP99Ms: null,
    sessions: null,
    acceptedPerSec: null,
    deliveredPerSec: null,
    presencePerSec: null,
    inFlight: null,
  };
}
