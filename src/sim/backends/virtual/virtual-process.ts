import type { Cancel, Clock, Ms } from '../../../system/index.ts';
import type { VirtualTime } from './virtual-time.ts';

/**
 * A process with one simulated core. All that happens to it (a frame, a timer, an answer of the store) is a job that
 * waits for the core, so that queueing exists; when it is killed its timers and jobs never happen.
 */
export interface VirtualProcess {
  readonly name: string;
  readonly alive: boolean;
  /** Its own view of time: timers that wait for the core, and that die with the process. */
  readonly clock: Clock;
  /** Runs `job` when the core has done all before it and `cpuMicros` for it. Jobs keep their order. */
  execute(cpuMicros: number, job: () => void): void;
  /** Work that the current job turned out to be: what waits is later by it. */
  charge(cpuMicros: number): void;
  /** At once and for ever. */
  kill(): void;
  /** The core stands still; what arrives waits. */
  pause(): void;
  resume(): void;
  /** From the next job on, the core has this share of its time, above 0 to 1. */
  setCpuShare(cpuShare: number): void;
  /** Runs `run` at the moment of the kill. */
  onDeath(run: () => void): Cancel;
  readonly usage: ProcessUsage;
}

export interface ProcessUsage {
  /** CPU microseconds used since the start. */
  readonly cpuMicros: number;
  /** How long the jobs begun since `sinceMs` had waited for the core; the last 1024 at most. */
  waitsSince(sinceMs: Ms): readonly Ms[];
}

const waitsKept = 1024;

export function createProcess(time: VirtualTime, name: string): VirtualProcess {
  const queue: { cpuMicros: number; sinceMs: Ms; job: () => void }[] = [];
  const deaths = new Set<() => void>();
  let alive = true;
  let paused = false;
  /** A job holds the core, or has finished on a paused one. */
  let busy = false;
  let finished: (() => void) | null = null;
  let cpuShare = 1;
  let owedMicros = 0;
  let usedMicros = 0;
  const waits = createWaits();

  function execute(cpuMicros: number, job: () => void): void {
    if (!alive) return;
    const idle = !busy && !paused && queue.length === 0;
    if (idle && cpuMicros + owedMicros === 0) job();
    else {
      queue.push({ cpuMicros, sinceMs: time.clock.now(), job });
      takeNext();
    }
  }

  function takeNext(): void {
    if (busy || paused || !alive) return;
    const next = queue.shift();
    if (!next) return;
    busy = true;
    waits.add(time.clock.now(), time.clock.now() - next.sinceMs);
    const micros = next.cpuMicros + owedMicros;
    owedMicros = 0;
    usedMicros += micros;
    time.clock.after(micros / 1000 / cpuShare, () => complete(next.job));
  }

  function complete(job: () => void): void {
    if (!alive) return;
    if (paused) {
      finished = job;
      return;
    }
    busy = false;
    job();
    takeNext();
  }

  function kill(): void {
    if (!alive) return;
    alive = false;
    queue.length = 0;
    for (const run of [...deaths]) run();
    deaths.clear();
  }

  function resume(): void {
    if (!paused) return;
    paused = false;
    const job = finished;
    finished = null;
    if (job === null) takeNext();
    else complete(job);
  }

  return {
    name,
    get alive() {
      return alive;
    },
    clock: {
      now: time.clock.now,
      wall: time.clock.wall,
      after: (delayMs, run) => afterOn(time, { delayMs, run, execute }),
    },
    execute,
    charge(cpuMicros) {
      owedMicros += cpuMicros;
    },
    kill,
    pause() {
      paused = true;
    },
    resume,
    setCpuShare(share) {
      cpuShare = share;
    },
    onDeath(run) {
      deaths.add(run);
      return () => deaths.delete(run);
    },
    usage: {
      get cpuMicros() {
        return usedMicros;
      },
      waitsSince: waits.since,
    },
  };
}

// ---

/** The last waits and when they ended, in a ring. */
function createWaits(): { add(atMs: Ms, waitMs: Ms): void; since(sinceMs: Ms): readonly Ms[] } {
  const moments: Ms[] = [];
  const waits: Ms[] = [];
  let count = 0;
  return {
    add(atMs, waitMs) {
      moments[count % waitsKept] = atMs;
      waits[count % waitsKept] = waitMs;
      count++;
    },
    since(sinceMs) {
      const found: Ms[] = [];
      for (let at = count - 1; at >= Math.max(0, count - waitsKept); at--) {
        if (moments[at % waitsKept]! < sinceMs) break;
        found.push(waits[at % waitsKept]!);
      }
      return found;
    },
  };
}

/** A timer that is due waits for the core like any job, and can be cancelled as long as it has not run. */
function afterOn(
  time: VirtualTime,
  timer: { delayMs: Ms; run: () => void; execute: VirtualProcess['execute'] },
): Cancel {
  let cancelled = false;
  const cancelDue = time.clock.after(timer.delayMs, () => {
    timer.execute(0, () => {
      if (!cancelled) timer.run();
    });
  });
  return () => {
    cancelled = true;
    cancelDue();
  };
}
