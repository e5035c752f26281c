import type { Ms, Vitals, VitalsSample } from '../ports.ts';

/**
 * The effort of this process. A window is at least `windowMsMin` (default 100) long: who asks again sooner gets the last
 * answer, so that several readers do not cut the windows to nothing.
 */
export function createVitals(windowMsMin: Ms = 100): Vitals {
  const delays = watchEventLoop();
  let mark = readMark();
  // The utilization of an empty window would be no number.
  let last: VitalsSample = { ...between(mark, { ...mark, atMs: mark.atMs + 1 }, 0), eventLoopUtilization: 0 };
  return {
    sample: () => {
      const now = readMark();
      if (now.atMs - mark.atMs < windowMsMin) return last;
      last = between(mark, now, delays.takeP99());
      mark = now;
      return last;
    },
  };
}

// ---

interface Mark {
  readonly atMs: Ms;
  readonly cpuMicros: number;
  readonly loop: ReturnType<typeof performance.eventLoopUtilization>;
}

function readMark(): Mark {
  const { user, system } = process.cpuUsage();
  return { atMs: performance.now(), cpuMicros: user + system, loop: performance.eventLoopUtilization() };
}

function between(from: Mark, to: Mark, eventLoopP99Ms: Ms): VitalsSample {
  return {
    cpuFraction: (to.cpuMicros - from.cpuMicros) / 1000 / (to.atMs - from.atMs),
    cpuMicros: to.cpuMicros,
    rssBytes: process.memoryUsage.rss(),
    eventLoopUtilization: performance.eventLoopUtilization(to.loop, from.loop).utilization,
    eventLoopP99Ms,
  };
}

const periodMs = 10;
const delaysMax = 6000;

/**
 * How late a timer of 10 ms fires. A stall of n periods is one late firing but would have met n timers, so it counts as
 * n delays, each a period shorter; otherwise a stall would hide behind the timers that it kept from firing.
 */
function watchEventLoop(): { takeP99(): Ms } {
  let delays: Ms[] = [];
  let lastMs = performance.now();
  const tick = () => {
    const nowMs = performance.now();
    const lateMs = Math.max(0, nowMs - lastMs - periodMs);
    for (let ms = lateMs; ms >= 0 && delays.length < delaysMax; ms -= periodMs) delays.push(ms);
    lastMs = nowMs;
  };
  setInterval(tick, periodMs).unref();
  return {
    takeP99: () => {
      tick();
      const sorted = Float64Array.from(delays).sort();
      delays = [];
      return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
    },
  };
}
