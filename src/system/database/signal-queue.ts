import type { Signal } from './signal.ts';

/** Signals that wait to be sent; the oldest are given up when there are too many. */
export interface SignalQueue {
  readonly size: number;
  /** How many were given up so far. */
  readonly dropped: number;
  add(signals: readonly Signal[]): void;
  /** Takes out the `count` oldest. */
  take(count: number): readonly Signal[];
  /** Gives up all that wait. */
  clear(): void;
}

export function createSignalQueue(signalsMax = 4_096): SignalQueue {
  let signals: Signal[] = [];
  let dropped = 0;
  return {
    get size() {
      return signals.length;
    },
    get dropped() {
      return dropped;
    },
    add(more) {
      signals.push(...more.slice(-signalsMax));
      dropped += Math.max(0, more.length - signalsMax);
      if (signals.length > signalsMax) give(signals.length - signalsMax);
    },
    take: (count) => signals.splice(0, count),
    clear: () => give(signals.length),
  };

  function give(count: number): void {
    signals = signals.slice(count);
    dropped += count;
  }
}
