import type { Bus, Hint } from './bus.ts';
import type { Signal } from './signal.ts';

/** Joins servers of one process. */
export interface MemoryBusHub {
  /** A new end of the bus, for one server. */
  join(): Bus;
}

/**
 * A bus within one process. `deliver` decides when a delivery happens (default: as soon as the current work is done);
 * a simulated world hands in its own to delay, or to drop it by not calling.
 */
export function createMemoryBusHub(options: { readonly deliver?: (run: () => void) => void } = {}): MemoryBusHub {
  const deliver = options.deliver ?? queueMicrotask;
  const hinted = new Map<Bus, (hints: readonly Hint[]) => void>();
  const signalled = new Map<Bus, (signals: readonly Signal[]) => void>();
  return { join };

  function join(): Bus {
    let open = true;
    const bus: Bus = {
      publish(hints) {
        if (open) spread(hinted, bus, hints);
      },
      subscribe(receive) {
        if (open) hinted.set(bus, receive);
      },
      signal(signals) {
        if (open) spread(signalled, bus, signals);
      },
      onSignals(receive) {
        if (open) signalled.set(bus, receive);
      },
      signalsDropped: 0,
      async close() {
        open = false;
        hinted.delete(bus);
        signalled.delete(bus);
      },
    };
    return bus;
  }

  function spread<T>(receivers: Map<Bus, (news: readonly T[]) => void>, from: Bus, news: readonly T[]): void {
    if (news.length === 0) return;
    for (const other of receivers.keys()) {
      if (other !== from) deliver(() => receivers.get(other)?.(news));
    }
  }
}
