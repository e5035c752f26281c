import { type ChildProcess, spawn } from 'node:child_process';
import { extname, join } from 'node:path';
import { describeExit, type Exit } from '../../../system/node.ts';

/** One line for the throttling process. */
export interface ThrottleOrder {
  readonly pid: number;
  /** Share of time that the process may run: 1 freely, 0 not at all. */
  readonly share: number;
}

/** Gives processes a share of the time, as a CPU quota does, without any rights that a user has not. */
export interface Throttle {
  set(order: ThrottleOrder): void;
  /** Lets everything run again; resolves when the throttling process is gone. */
  stop(): Promise<void>;
}

/** The throttling process is started with the first order that needs it. `died` hears of an end that nobody asked for. */
export function createThrottle(died: (what: string) => void = () => {}): Throttle {
  const slowed = new Set<number>();
  let child: ChildProcess | null = null;
  let stopping = false;
  let gone: Promise<void> = Promise.resolve();

  function launch(): ChildProcess {
    const started = spawn(process.execPath, [entry], { stdio: ['pipe', 'ignore', 'inherit'], detached: true });
    started.stdin?.on('error', () => {});
    const end = new Promise<Exit>((resolve) => {
      started.once('error', ({ message }) => resolve({ code: null, signal: null, error: message }));
      started.once('exit', (code, signal) => resolve({ code, signal }));
    });
    gone = end.then((exit) => {
      // It sets all free when it ends in order; killed, it cannot.
      freeAll();
      if (!stopping) died(`The process ${started.pid} that slows servers ${describeExit(exit)}.`);
    });
    return started;
  }

  function freeAll(): void {
    for (const pid of slowed) continueProcess(pid);
    slowed.clear();
    child = null;
  }

  return {
    set: (order) => {
      if (order.share < 1) slowed.add(order.pid);
      else slowed.delete(order.pid);
      if (order.share < 1) child ??= launch();
      child?.stdin?.write(`${JSON.stringify(order)}\n`);
    },
    stop: async () => {
      stopping = true;
      child?.stdin?.end();
      await gone;
    },
  };
}

// ---

const entry = join(import.meta.dirname, `throttle-main${extname(import.meta.filename)}`);

function continueProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It is gone: nothing to set free.
  }
}
