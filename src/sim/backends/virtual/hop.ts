import type { Ms } from '../../../system/index.ts';
import type { VirtualProcess } from './virtual-process.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What one direction of a cable does to what goes over it. */
export interface LinkQuality {
  /** Draws the travel time of one packet. */
  latencyMs(): Ms;
  readonly bytesPerMs: number;
  readonly bufferBytes: number;
}

/** One end of a connection between two processes. Packets keep their order; each direction ends once. */
export interface HopEnd<Packet> {
  /** Says who hears what arrives. To be called before anything can. */
  listen(listener: HopListener<Packet>): void;
  send(packet: Packet, bytes: number): void;
  /** Ends one's own direction after all that was sent. */
  finish(): void;
  /** Ends one's own direction at once: what its system has not taken over yet is lost. */
  cut(): void;
  /** Bytes accepted by `send` that have not left and are more than the sender's system buffers. */
  backlogBytes(): number;
  /** How long until the last of them leaves. */
  backlogMs(): Ms;
}

export interface HopListener<Packet> {
  receive(packet: Packet): void;
  /** The other direction has ended, by finishing or by a cut; called at most once, last. */
  ended(): void;
}

/** A connection over one link. When a process dies its end is cut, and the other side hears of it a travel time later. */
export function createHop<Packet>(
  time: VirtualTime,
  order: { left: VirtualProcess; right: VirtualProcess; quality: LinkQuality },
): { left: HopEnd<Packet>; right: HopEnd<Packet> } {
  const toRight = createPipe<Packet>(time, order.quality);
  const toLeft = createPipe<Packet>(time, order.quality);
  const left = endOf(toRight, toLeft);
  const right = endOf(toLeft, toRight);
  const forget = [order.left.onDeath(left.cut), order.right.onDeath(right.cut)];
  let directions = 2;
  for (const pipe of [toRight, toLeft]) {
    pipe.onOver(() => {
      if (--directions === 0) for (const cancel of forget) cancel();
    });
  }
  return { left, right };
}

// ---

interface Pipe<Packet> {
  listen(listener: HopListener<Packet>): void;
  /** Hears when this direction has ended at the receiver. */
  onOver(run: () => void): void;
  push(packet: Packet, bytes: number): void;
  finish(): void;
  cut(): void;
  backlogMs(): Ms;
  backlogBytes(): number;
}

const end: unique symbol = Symbol('end of this direction');

function createPipe<Packet>(time: VirtualTime, quality: LinkQuality): Pipe<Packet> {
  const travelling: { readonly item: Packet | typeof end; readonly leavesMs: Ms; readonly arrivesMs: Ms }[] = [];
  let listener: HopListener<Packet> | null = null;
  let over = (): void => undefined;
  let open = true;
  let leavesMs: Ms = 0;
  let arrivesMs: Ms = 0;

  function put(item: Packet | typeof end, bytes: number): void {
    const now = time.clock.now();
    leavesMs = Math.max(leavesMs, now) + bytes / quality.bytesPerMs;
    // Drawn for each packet, but nothing overtakes.
    arrivesMs = Math.max(arrivesMs, leavesMs + quality.latencyMs());
    travelling.push({ item, leavesMs, arrivesMs });
    time.clock.after(arrivesMs - now, arrive);
  }

  function arrive(): void {
    const next = travelling.shift();
    if (!next) return;
    if (next.item !== end) {
      listener?.receive(next.item);
      return;
    }
    listener?.ended();
    over();
  }

  function finish(): void {
    if (!open) return;
    open = false;
    put(end, 0);
  }

  /** Its system still sends what it had taken over; the rest is lost, also the end of a finished direction behind it. */
  function cut(): void {
    const lastMs = time.clock.now() + quality.bufferBytes / quality.bytesPerMs;
    const ending = travelling.at(-1)?.item === end;
    while (travelling.length > 0 && travelling.at(-1)!.leavesMs > lastMs) travelling.pop();
    leavesMs = travelling.at(-1)?.leavesMs ?? 0;
    arrivesMs = travelling.at(-1)?.arrivesMs ?? 0;
    if (open || (ending && travelling.at(-1)?.item !== end)) {
      open = false;
      put(end, 0);
    }
  }

  const backlogMs = (): Ms => Math.max(0, leavesMs - time.clock.now());
  return {
    listen(heard) {
      listener = heard;
    },
    onOver(run) {
      over = run;
    },
    push(packet, bytes) {
      if (open) put(packet, bytes);
    },
    finish,
    cut,
    backlogMs,
    backlogBytes: () => Math.max(0, backlogMs() * quality.bytesPerMs - quality.bufferBytes),
  };
}

function endOf<Packet>(out: Pipe<Packet>, back: Pipe<Packet>): HopEnd<Packet> {
  return {
    listen: back.listen,
    send: out.push,
    finish: out.finish,
    cut: out.cut,
    backlogBytes: out.backlogBytes,
    backlogMs: out.backlogMs,
  };
}
