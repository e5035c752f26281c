import type { Cancel, Clock } from '../ports.ts';
import { runNotBefore } from './not-before.ts';

/**
 * The clock of a page or a worker. In a page that is not seen browsers let timers wait for up to a minute; work that is to
 * be done at once is not held up by this, and in a worker nothing is.
 */
export function createBrowserClock(): Clock {
  const now = () => performance.now();
  const runSoon = createSoon();
  return {
    now,
    wall: () => Date.now(),
    after: (delay, run) => (delay > 0 ? runNotBefore(now() + delay, now, run) : runSoon(run)),
  };
}

// ---

/** Runs work in the next turn: a message to oneself, since browsers make timers wait. */
function createSoon(): (run: () => void) => Cancel {
  const { port1, port2 } = new MessageChannel() as unknown as Record<'port1' | 'port2', Port>;
  const due: { run: (() => void) | null }[] = [];
  port1.onmessage = () => due.shift()?.run?.();
  port1.unref?.();
  return (run) => {
    const work: { run: (() => void) | null } = { run };
    due.push(work);
    port2.postMessage(null);
    return () => {
      work.run = null;
    };
  };
}

/** What is used of a port of a `MessageChannel`. */
interface Port {
  onmessage: (() => void) | null;
  postMessage(message: null): void;
  /** On Node, where an open port would keep the process alive. */
  unref?(): void;
}
