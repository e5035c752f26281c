/**
 * A small process that stops and continues others (SIGSTOP, SIGCONT), apart from the laboratory so that its timing does not
 * depend on how busy that is. Each line of standard input is `{"pid": 123, "share": 0.5}`: 1 lets the process run, 0 stops
 * it. When the input ends, however the laboratory died, everything runs again and this process ends.
 */
import { createInterface } from 'node:readline';
import { createDutyCycle, type DutyCycle } from './duty-cycle.ts';
import type { ThrottleOrder } from './throttle.ts';

interface Target {
  readonly cycle: DutyCycle;
  timer: NodeJS.Timeout | undefined;
}

const targets = new Map<number, Target>();

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => obey(JSON.parse(line) as ThrottleOrder));
lines.on('close', end);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end);

function obey({ pid, share }: ThrottleOrder): void {
  release(pid);
  if (share >= 1) return;
  const target: Target = { cycle: createDutyCycle(share, performance.now()), timer: undefined };
  targets.set(pid, target);
  turn(pid, target);
}

function turn(pid: number, target: Target): void {
  const { run, forMs } = target.cycle.next(performance.now());
  if (!send(pid, run ? 'SIGCONT' : 'SIGSTOP')) {
    targets.delete(pid);
    return;
  }
  if (Number.isFinite(forMs)) target.timer = setTimeout(() => turn(pid, target), forMs);
}

function release(pid: number): void {
  clearTimeout(targets.get(pid)?.timer);
  targets.delete(pid);
  send(pid, 'SIGCONT');
}

/** False when there is no such process any more. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function end(): void {
  for (const pid of [...targets.keys()]) release(pid);
  process.exit(0);
}
