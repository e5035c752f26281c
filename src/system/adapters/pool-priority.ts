import { access, readdir, readFile } from 'node:fs/promises';
import { setPriority } from 'node:os';

/**
 * Lets the event loop go before the thread pool, whose work in a server is the hashing of passwords: a wave of sign-ins
 * takes what the conversations leave of the processor, and all of it when they need none. For Linux, where a thread has a
 * priority of its own; elsewhere nothing is changed. Answers how many threads were.
 */
export async function lowerPoolPriority(): Promise<number> {
  // The threads are made with the pool's first work, and this is some.
  await access('/').catch(() => undefined);
  const threads = await readdir(tasks).catch(() => []);
  const lowered = await Promise.all(threads.map(lowerIfOfPool));
  return lowered.filter(Boolean).length;
}

// ---

const tasks = '/proc/self/task';
const poolThreadName = 'libuv-worker';
/** A thread of this niceness gets about a tenth of what one of niceness 0 gets when both want all. */
const niceness = 10;

async function lowerIfOfPool(thread: string): Promise<boolean> {
  try {
    const name = await readFile(`${tasks}/${thread}/comm`, 'utf8');
    if (!name.startsWith(poolThreadName)) return false;
    setPriority(Number(thread), niceness);
    return true;
  } catch {
    // It has ended, or it may not be changed: then all share alike.
    return false;
  }
}
