import type { Clock, Log, Ms } from '../../ports.ts';

export interface WaitOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** How long in all; after that the last error is the answer. */
  readonly waitMs: Ms;
  /** Pause between two attempts. Default 500. */
  readonly pauseMs?: Ms;
  /** Whether it may get better by waiting. */
  readonly transient: (error: unknown) => boolean;
}

/** Tries until it works, for a bounded time. Each failure is logged with how long there will be more attempts. */
export async function waitFor<T>(attempt: () => Promise<T>, options: WaitOptions): Promise<T> {
  const { clock, log, waitMs, transient } = options;
  const deadlineMs = clock.now() + waitMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const leftMs = deadlineMs - clock.now();
      if (leftMs <= 0 || !transient(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      log.write('warn', 'waiting for the database', { reason, leftMs: Math.round(leftMs) });
      await new Promise<void>((resolve) => clock.after(options.pauseMs ?? 500, resolve));
    }
  }
}
