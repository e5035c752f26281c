import type { ComponentSample } from '../../../metrics/index.ts';
import type { Ms, Vitals } from '../../../system/index.ts';
import { blankSample } from '../blank-sample.ts';
import { createProcess, type VirtualProcess } from './virtual-process.ts';
import type { VirtualTime } from './virtual-time.ts';
import { createVirtualVitals } from './virtual-vitals.ts';

/** The machine of the database. What it has committed outlives every one of its processes. */
export interface VirtualDatabase {
  /** The process that runs now; null while it is down. */
  readonly process: VirtualProcess | null;
  readonly paused: boolean;
  /** Ends its process: connections break, and what had not begun never happens. */
  stop(): void;
  /** On what was committed. */
  start(): void;
  pause(): void;
  resume(): void;
  /** A question has arrived; called only while it is up. */
  asked(question: Question): void;
  /** It is answered, or nobody waits for it any more. */
  closed(question: Question): void;
  sample(): ComponentSample;
}

/** A question that waits for its answer. */
export interface Question {
  /** The connection broke. */
  broke(): void;
  /** The database stands still. */
  stalled(): void;
}

export function createVirtualDatabase(time: VirtualTime): VirtualDatabase {
  const questions = new Set<Question>();
  let life: Life | null = begin(time);
  let paused = false;
  return {
    get process() {
      return life?.process ?? null;
    },
    get paused() {
      return paused;
    },
    stop() {
      const ended = life;
      life = null;
      paused = false;
      ended?.process.kill();
      for (const question of [...questions]) question.broke();
    },
    start() {
      life ??= begin(time);
    },
    pause() {
      if (life === null) return;
      paused = true;
      life.process.pause();
      for (const question of questions) question.stalled();
    },
    resume() {
      paused = false;
      life?.process.resume();
    },
    asked(question) {
      questions.add(question);
      if (paused) question.stalled();
    },
    closed: (question) => void questions.delete(question),
    sample: () => sampleOf(time.clock.now(), life?.vitals.sample() ?? { cpuFraction: 0, cpuMicros: null }),
  };
}

// ---

interface Life {
  readonly process: VirtualProcess;
  readonly vitals: Vitals;
}

function begin(time: VirtualTime): Life {
  const process = createProcess(time, 'database');
  return { process, vitals: createVirtualVitals(process, () => 0) };
}

function sampleOf(tMs: Ms, used: { cpuFraction: number; cpuMicros: number | null }): ComponentSample {
  return { ...blankSample(tMs, 'database', 'database'), ...used };
}
