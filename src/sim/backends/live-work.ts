/** Work against a cluster that runs in real time, and may die under it. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Longest wait for work that was told to end, so that it can close its files. */
export const partingMs = 3000;

/** Rejects with the signal's reason when that comes first; the work, which has heard the same signal, comes to its end unheard. */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  const explained = work.catch(async (failure) => {
    await Promise.race([aborted, sleep(deathNoticeMs)]);
    throw failure;
  });
  try {
    return await Promise.race([explained, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Resolves when the work has ended, well or not, and after `withinMs` at the latest. */
export async function settled(work: Promise<unknown>, withinMs: number): Promise<void> {
  const over = new AbortController();
  await Promise.race([work, sleep(withinMs, undefined, { signal: over.signal })]).catch(() => {});
  over.abort();
}

// ---

/** A connection breaks a little before the death of the process at its other end is known, and that is the better reason. */
const deathNoticeMs = 500;
