/** Lets at most so many pieces of work run at once; the others wait in order. Callers bound how many may wait. */
export interface Limiter {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Waiting, not running. */
  readonly waiting: number;
}

export function createLimiter(runningMax: number): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;

  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  };

  return {
    async run(work) {
      if (running < runningMax) running++;
      else await new Promise<void>((enter) => waiting.push(enter));
      try {
        return await work();
      } finally {
        leave();
      }
    },
    get waiting() {
      return waiting.length;
    },
  };
}
