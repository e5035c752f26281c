import { readFileSync } from 'node:fs';

/** What Linux tells of a process in `/proc`; null once it is gone, and on systems without `/proc`. */
export interface ProcessStat {
  /** One letter: R runs, S sleeps, T is stopped, Z has ended. */
  readonly state: string;
  /** CPU used by all of its threads. */
  readonly cpuMicros: number;
  /** CPU used by children that have ended and been waited for. */
  readonly childrenCpuMicros: number;
}

export function readStat(pid: number): ProcessStat | null {
  const text = read(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The second field is the program's name in brackets and may hold anything, also brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = (index: number) => Number(fields[index]) * microsPerTick;
  return { state: fields[0]!, cpuMicros: ticks(11) + ticks(12), childrenCpuMicros: ticks(13) + ticks(14) };
}

export interface ProcessMemory {
  readonly rssBytes: number;
  /** The part of it that is shared memory, such as PostgreSQL's buffers. */
  readonly sharedBytes: number;
}

export function readMemory(pid: number): ProcessMemory | null {
  const text = read(`/proc/${pid}/status`);
  if (text === null) return null;
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return { rssBytes: bytes('VmRSS'), sharedBytes: bytes('RssShmem') };
}

/** Pids of the children of a process's main thread. */
export function readChildren(pid: number): readonly number[] {
  const text = read(`/proc/${pid}/task/${pid}/children`) ?? '';
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

/** The arguments a process was started with. */
export function readCommand(pid: number): string | null {
  return read(`/proc/${pid}/cmdline`);
}

// ---

/** `/proc` counts in ticks of USER_HZ, which is 100 on every Linux. */
const microsPerTick = 10_000;

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
