import type { Bus, Ms, Random } from '../../../system/index.ts';
import { costs } from './costs.ts';
import { drawMs } from './link.ts';
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
}

/** One server's end of the bus: hints come late, in any order, sometimes never and sometimes twice. */
export function createVirtualBus(order: VirtualBusOrder): Bus {
  const { time, bus, process, random, quality, carries } = order;
  process.onDeath(() => void bus.close());
  return {
    publish: bus.publish,
    subscribe: (receive) => bus.subscribe(rough(receive)),
    signal: bus.signal,
    onSignals: (receive) => bus.onSignals(rough(receive)),
    signalsDropped: bus.signalsDropped,
    close: bus.close,
  };

  function rough<T>(receive: (news: readonly T[]) => void): (news: readonly T[]) => void {
    return (news) => {
      const copies = random.next() < quality.lost ? 0 : random.next() < quality.doubled ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) {
        time.clock.after(drawMs(quality, random), () => {
          if (carries()) process.execute(costs.hints, () => receive(news));
        });
      }
    };
  }
}
