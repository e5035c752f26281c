import type { Cancel, Ms } from '../ports.ts';

/** Timers round down and may fire up to a millisecond early; the contract of the clock says never early. */
export function runNotBefore(dueMs: Ms, now: () => Ms, run: () => void): Cancel {
  let timer: ReturnType<typeof setTimeout>;
  const wait = () => {
    // The moment may pass between two looks at the clock, and Node warns of a delay below zero.
    timer = setTimeout(fire, Math.min(Math.max(0, Math.ceil(dueMs - now())), timerMsMax));
  };
  const fire = () => (now() < dueMs ? wait() : run());
  wait();
  return () => clearTimeout(timer);
}

// ---

/** The longest delay that a timer takes. */
const timerMsMax = 2 ** 31 - 1;
