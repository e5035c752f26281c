/** Live progress: one redrawn line on a terminal, plain lines now and then elsewhere. */
import type { Writer } from './reporter.ts';
import { count, duration, milliseconds, perSecond } from './text/format.ts';
import { clean, createPaint } from './text/table.ts';

export interface ProgressUpdate {
  readonly phase: string;
  readonly elapsedMs: number;
  /** Null when the end is not known. */
  readonly totalMs: number | null;
  readonly users: number;
  readonly offeredPerSec: number;
  readonly acceptedPerSec: number;
  readonly deliveredPerSec: number;
  /** Of deliveries in the last seconds; null before the first. */
  readonly p99Ms: number | null;
  readonly errors: number;
  /** Faults that last now, in words. */
  readonly faults: readonly string[];
  /** Which of several runs this is; `index` counts from 1. */
  readonly step?: { readonly index: number; readonly count: number; readonly label: string };
}

export interface Progress {
  update(now: ProgressUpdate): void;
  /** Leaves the terminal as found; later updates are ignored. */
  done(): void;
}

/** `terminal`: may a line be redrawn? */
export type ProgressOutput = Pick<Writer, 'print' | 'color' | 'width'> & { readonly terminal: boolean };

/** Of the run's own time between two plain lines, unless the phase, the run or the faults change. */
const plainEveryMs = 5000;
const barColumns = 16;
const eraseLine = '\r\u001b[2K';

export function createProgress(out: ProgressOutput): Progress {
  return out.terminal ? redrawn(out) : plain(out);
}

// ---

function redrawn(out: ProgressOutput): Progress {
  const paint = createPaint(out.color);
  let drawn = false;
  let ended = false;
  return {
    update(now) {
      if (ended) return;
      const head = [stepText(now), bar(now)].filter(Boolean).join(' ');
      const tail = ` ${figuresOf(now).join(' · ')}`;
      // One column is left free: some terminals wrap a line that fills the last.
      const room = Math.max(out.width - 1, 0);
      out.print(eraseLine + head.slice(0, room) + paint(tail.slice(0, Math.max(room - head.length, 0)), 'dim'));
      drawn = true;
    },
    done() {
      if (drawn && !ended) out.print(eraseLine);
      ended = true;
    },
  };
}

function plain(out: ProgressOutput): Progress {
  let last: { readonly key: string; readonly atMs: number } | null = null;
  let ended = false;
  return {
    update(now) {
      const key = JSON.stringify([now.phase, now.step?.index, now.faults]);
      const due = last === null || last.key !== key || now.elapsedMs - last.atMs >= plainEveryMs;
      if (ended || !due) return;
      last = { key, atMs: now.elapsedMs };
      out.print(`${[stepText(now), `${duration(now.elapsedMs)}:`, ...figuresOf(now)].filter(Boolean).join(' ')}\n`);
    },
    done() {
      ended = true;
    },
  };
}

function stepText({ step }: ProgressUpdate): string {
  return step ? clean(`[${step.index}/${step.count} ${step.label}]`) : '';
}

function bar({ elapsedMs, totalMs }: ProgressUpdate): string {
  if (totalMs === null || totalMs <= 0) return duration(elapsedMs);
  const part = Math.min(Math.max(elapsedMs / totalMs, 0), 1);
  const full = Math.round(part * barColumns);
  return `${'█'.repeat(full)}${'░'.repeat(barColumns - full)} ${duration(Math.max(totalMs - elapsedMs, 0))} left`;
}

function figuresOf(now: ProgressUpdate): string[] {
  return [
    clean(now.phase),
    `${count(now.users)} users`,
    `offered ${perSecond(now.offeredPerSec)}`,
    `accepted ${perSecond(now.acceptedPerSec)}`,
    `delivered ${perSecond(now.deliveredPerSec)}`,
    ...(now.p99Ms === null ? [] : [`p99 ${milliseconds(now.p99Ms)}`]),
    `${count(now.errors)} errors`,
    ...now.faults.map(clean),
  ];
}
