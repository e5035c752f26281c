import type { Cancel, Clock, Ms } from '../ports.ts';

/** The clock of a page or worker. `now` counts from its start. */
export function createBrowserClock(): Clock {
  const soon = createSoon();
  const now = () => performance.now();
  return {
    now,
    wall: () => Date.now(),
    after: (delay, run) => (delay > 0 ? runNotBefore(now() + delay, now, run) : soon(run)),
  };
}

// ---

/** The longest delay that a browser's timer takes. */
const timerMsMax = 2 ** 31 - 1;

/** Browsers round their clock, so a timer may be early by it; the contract says never early. */
function runNotBefore(dueMs: Ms, now: () => Ms, run: () => void): Cancel {
  let timer: ReturnType<typeof setTimeout>;
  const wait = (): void => {
    timer = setTimeout(fire, Math.min(Math.max(0, Math.ceil(dueMs - now())), timerMsMax));
  };
  const fire = (): void => (now() < dueMs ? wait() : run());
  wait();
  return () => clearTimeout(timer);
}

/** Timers of a page in the background wait for up to a minute, messages do not. */
function createSoon(): (run: () => void) => Cancel {
  const waiting: (() => void)[] = [];
  const { port1, port2 } = new MessageChannel() as unknown as { readonly port1: Port; readonly port2: Port };
  port1.onmessage = () => waiting.shift()?.();
  // On Node, where this is tested, an open port would keep the process alive.
  port1.unref?.();
  return (run) => {
    let isWanted = true;
    waiting.push(() => isWanted && run());
    port2.postMessage(null);
    return () => {
      isWanted = false;
    };
  };
}

/** A port as browsers have it, for a program that is compiled without their types. */
interface Port {
  onmessage: (() => void) | null;
  postMessage(message: null): void;
  unref?(): void;
}
