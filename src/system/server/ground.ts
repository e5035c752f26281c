/** What every part of a server stands on. */
import type { Store } from '../database/store.ts';
import { StoreFailure } from '../database/store.ts';
import type { Cancel, Clock, Log, Ms, Random } from '../ports.ts';
import type { ServerSettings } from './contract.ts';
import type { Limiter } from './limiter.ts';

export interface Ground {
  /** Its waits end with the server. */
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Notices when the database goes and comes. */
  readonly store: Store;
  readonly settings: ServerSettings;
  /** Reads for backlogs, gaps and memberships, at most `readsMax` at once. */
  readonly reads: Limiter;
}

/** A clock whose waits can all be called off. */
export interface ScopedClock extends Clock {
  cancelAll(): void;
}

export function scopeClock(clock: Clock): ScopedClock {
  const pending = new Set<Cancel>();
  let over = false;
  return {
    now: () => clock.now(),
    wall: () => Math.floor(clock.wall()),
    after(delay, run) {
      if (over) return () => {};
      const stop = clock.after(delay, () => {
        pending.delete(cancel);
        run();
      });
      const cancel = (): void => {
        pending.delete(cancel);
        stop();
      };
      pending.add(cancel);
      return cancel;
    },
    cancelAll() {
      over = true;
      for (const cancel of pending) cancel();
    },
  };
}

export function pause(clock: Clock, delay: Ms): Promise<void> {
  return new Promise((resume) => clock.after(delay, resume));
}

/** Runs `run` every `period` ms, counted from the end of the last run; the first time after a random part of it. */
export function repeat({ clock, random }: Ground, period: Ms, run: () => Promise<void> | void): void {
  const again = async (): Promise<void> => {
    await run();
    clock.after(period, again);
  };
  clock.after(period * random.next(), again);
}

/** Says in the log what went wrong in work that nobody waits for. A failing store has been noticed already. */
export function logFailure({ log }: Ground, what: string, error: unknown): void {
  if (error instanceof StoreFailure) log.write('debug', what, { error: error.message });
  else log.write('error', what, { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
