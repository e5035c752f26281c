/** When a process may run and when it stands still, so that it gets a share of the time: pure, the caller has the clock. */
export interface DutyCycle {
  /** What to do now and for how long; to be asked again after `forMs`, sooner or later than that. */
  next(nowMs: number): { readonly run: boolean; readonly forMs: number };
}

/** Long enough that the signals cost nothing, short enough that it looks like a slow machine and not like a stuttering one. */
const periodMs = 40;
/** Timers know whole milliseconds. */
const phaseMsMin = 1;
const phaseMsMax = 4 * periodMs;
/** A delay of the timekeeper itself is made up for, up to this; more would turn its hiccup into one of the process. */
const debtMsMax = 2 * periodMs;

/**
 * Runs and stops in turn. Phases that came out longer or shorter than asked are made up for in the next ones, so that the
 * share holds in the long run although timers are late.
 */
export function createDutyCycle(share: number, startMs: number): DutyCycle {
  let running = true;
  let sinceMs = startMs;
  /** Running time that the process had beyond its share. */
  let surplusMs = 0;
  return {
    next: (nowMs) => {
      const tookMs = nowMs - sinceMs;
      surplusMs = clamp(surplusMs + tookMs * (running ? 1 - share : -share), -debtMsMax, debtMsMax);
      sinceMs = nowMs;
      if (share <= 0 || share >= 1) return { run: share >= 1, forMs: Number.POSITIVE_INFINITY };
      running = !running;
      const wantedMs = running ? share * periodMs - surplusMs / (1 - share) : surplusMs / share;
      return { run: running, forMs: clamp(wantedMs, phaseMsMin, phaseMsMax) };
    },
  };
}

// ---

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
