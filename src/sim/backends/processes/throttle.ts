import { type ChildProcess, spawn } from 'node:child_process';
import { extname, join } from 'node:path';

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

/** The throttling process is started with the first order that needs it. */
export function createThrottle(): Throttle {
  const slowed = new Set<number>();
  let child: ChildProcess | null = null;
  let gone: Promise<void> = Promise.resolve();

  function launch(): ChildProcess {
    const started = spawn(process.execPath, [entry], { stdio: ['pipe', 'ignore', 'inherit'], detached: true });
    started.stdin?.on('error', () => {});
    gone = new Promise((resolve) => {
      started.once('error', () => resolve());
      started.once('exit', () => resolve());
    });
    // It sets all free when it ends in order; killed, it cannot.
    void gone.then(freeAll);
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
