import { type Bus, createHintQueue, type Hint, type Ms, type Random } from '../../../system/index.ts';
import { createBusConnection } from './bus-connection.ts';
import { costs } from './costs.ts';
import { drawMs } from './link.ts';
import type { VirtualLink } from './virtual-link.ts';
import type { VirtualProcess } from './virtual-process.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface BusQuality {
  readonly baseMs: Ms;
  readonly jitterMs: Ms;
  /** Chance that one delivery is lost, or comes twice; both are allowed by the contract of `Bus`. */
  readonly lost: number;
  readonly doubled: number;
}

export interface VirtualBusOrder {
  readonly time: VirtualTime;
  /** This server's end of the bus that joins all servers. */
  readonly bus: Bus;
  readonly process: VirtualProcess;
  readonly random: Random;
  readonly quality: BusQuality;
  /** Whether there is anything now that carries hints. What is under way when it ends is lost. */
  readonly carries: () => boolean;
  /** How faults disturb the way to what carries hints. */
  readonly way: VirtualLink;
}

/**
 * One server's end of the bus: hints come late, in any order, sometimes never and sometimes twice. What is published while
 * its connection is known to be broken waits for the next one; what others publish meanwhile is lost.
 */
export function createVirtualBus(order: VirtualBusOrder): Bus {
  const { time, bus, process, random, quality, carries } = order;
  const waiting = createHintQueue();
  const connection = createBusConnection({
    process,
    link: order.way,
    reconnected: () => publish(waiting.take(waiting.size)),
  });
  let dropped = 0;
  process.onDeath(() => void bus.close());
  return {
    publish,
    subscribe: (receive) => bus.subscribe(rough(receive)),
    signal(signals) {
      if (connection.whole) connection.there(signals.length * newsBytes, () => bus.signal(signals));
      else dropped += signals.length;
    },
    onSignals: (receive) => bus.onSignals(rough(receive)),
    get signalsDropped() {
      return bus.signalsDropped + dropped;
    },
    close: bus.close,
  };

  function publish(hints: readonly Hint[]): void {
    if (connection.whole) connection.there(hints.length * newsBytes, () => bus.publish(hints));
    else for (const hint of hints) waiting.add(hint);
  }

  function rough<T>(receive: (news: readonly T[]) => void): (news: readonly T[]) => void {
    return (news) => {
      const copies = random.next() < quality.lost ? 0 : random.next() < quality.doubled ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) {
        time.clock.after(drawMs(quality, random), () => {
          if (!carries()) return;
          connection.back(news.length * newsBytes, () => process.execute(costs.hints, () => receive(news)));
        });
      }
    };
  }
}

/** Size of one hint or signal on the wire, for links that are narrow. NOT MEASURED. */
const newsBytes = 300;
