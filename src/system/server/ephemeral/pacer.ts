import type { Clock, Ms } from '../../ports.ts';

/** Runs something when asked: soon when it did not run for a window's time, otherwise once after the window. */
export interface Pacer {
  /** Asks for a run, not before `delayMs` have passed. Asked several times before a run, it runs once. */
  wake(delayMs?: Ms): void;
}

/** `run` must not reject. What is asked for while it runs is done afterwards. */
export function createPacer(clock: Clock, windowMs: Ms, run: () => Promise<void> | void): Pacer {
  let state: 'idle' | 'armed' | 'running' = 'idle';
  let notBefore = Number.NEGATIVE_INFINITY;
  let again: Ms | null = null;

  return { wake };

  function wake(delayMs: Ms = 0): void {
    if (state === 'running') again = Math.min(again ?? delayMs, delayMs);
    if (state !== 'idle') return;
    state = 'armed';
    clock.after(Math.max(delayMs, notBefore - clock.now(), 0), turn);
  }

  async function turn(): Promise<void> {
    state = 'running';
    notBefore = clock.now() + windowMs;
    await run();
    state = 'idle';
    if (again === null) return;
    const delayMs = again;
    again = null;
    wake(delayMs);
  }
}
