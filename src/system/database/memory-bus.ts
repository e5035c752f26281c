import type { Bus, Hint } from './bus.ts';

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
  const receivers = new Map<Bus, (hints: readonly Hint[]) => void>();
  return { join };

  function join(): Bus {
    let open = true;
    const bus: Bus = {
      publish(hints) {
        if (!open || hints.length === 0) return;
        for (const other of receivers.keys()) {
          if (other !== bus) deliver(() => receivers.get(other)?.(hints));
        }
      },
      subscribe(receive) {
        if (open) receivers.set(bus, receive);
      },
      async close() {
        open = false;
        receivers.delete(bus);
      },
    };
    return bus;
  }
}
