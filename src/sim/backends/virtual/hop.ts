import type { Ms } from '../../../system/index.ts';
import type { HeldWay } from './held-way.ts';
import type { VirtualLink } from './virtual-link.ts';
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

/** How long one who has ended its direction waits for the end of the other, when the link may have swallowed it. */
const lingerMs: Ms = 10_000;

export interface Hop<Packet> {
  readonly left: HopEnd<Packet>;
  readonly right: HopEnd<Packet>;
  /** Whether there is a way to the right end by now. */
  readonly made: boolean;
  /** Says which process is at the right end, where none was named. */
  attach(process: VirtualProcess): void;
}

/**
 * A connection over one link. When a process dies its end is cut, and the other side hears of it a travel time later.
 * `link`: how faults may disturb it; default: not at all. `made` is called when there is a way only later.
 */
export function createHop<Packet>(
  time: VirtualTime,
  order: { left: VirtualProcess; right?: VirtualProcess; quality: LinkQuality; link?: VirtualLink; made?: () => void },
): Hop<Packet> {
  const connection = order.link?.connect({
    owner: order.left,
    made: () => order.made?.(),
    farBroke: () => toRight.breakOff(),
    broke() {
      toRight.breakOff();
      toLeft.breakOff();
    },
    disturbed() {
      lingerFor(toRight, toLeft);
      lingerFor(toLeft, toRight);
    },
  });
  const toRight = createPipe<Packet>(time, order.quality, connection?.there);
  const toLeft = createPipe<Packet>(time, order.quality, connection?.back);
  const left = endOf(toRight, toLeft);
  const right = endOf(toLeft, toRight);
  const forget = [order.left.onDeath(left.cut)];
  const attach = (process: VirtualProcess): void => void forget.push(process.onDeath(right.cut));
  if (order.right) attach(order.right);
  for (const pipe of [toRight, toLeft]) pipe.onOver(() => toRight.over && toLeft.over && release());
  toRight.onClosed(() => lingerFor(toRight, toLeft));
  toLeft.onClosed(() => lingerFor(toLeft, toRight));

  function release(): void {
    for (const cancel of forget) cancel();
    connection?.close();
  }

  /** Who has ended `out` hears the end of `back` at last, also when it never comes. */
  function lingerFor(out: Pipe<Packet>, back: Pipe<Packet>): void {
    if (!out.closed || back.over || !connection?.doubtful) return;
    time.clock.after(lingerMs, () => {
      back.breakOff();
      if (connection.state === 'lost') release();
    });
  }

  return {
    left,
    right,
    get made() {
      return connection === undefined || connection.state === 'made';
    },
    attach,
  };
}

// ---

interface Pipe<Packet> {
  /** The sender has ended it. */
  readonly closed: boolean;
  /** The receiver has heard the end. */
  readonly over: boolean;
  listen(listener: HopListener<Packet>): void;
  /** Hears when this direction was ended by the sender. */
  onClosed(run: () => void): void;
  /** Hears when this direction has ended at the receiver. */
  onOver(run: () => void): void;
  push(packet: Packet, bytes: number): void;
  finish(): void;
  cut(): void;
  /** Ends it at the receiver, at once; what is under way is lost. */
  breakOff(): void;
  backlogMs(): Ms;
  backlogBytes(): number;
}

interface Travelling<Packet> {
  readonly item: Packet | typeof end;
  readonly bytes: number;
  readonly leavesMs: Ms;
  readonly arrivesMs: Ms;
}

const end: unique symbol = Symbol('end of this direction');

function createPipe<Packet>(time: VirtualTime, quality: LinkQuality, way: HeldWay = directWay): Pipe<Packet> {
  let travelling: Travelling<Packet>[] = [];
  let listener: HopListener<Packet> | null = null;
  let wasOver = (): void => undefined;
  let wasClosed = (): void => undefined;
  let closed = false;
  let over = false;
  let leavesMs: Ms = 0;
  let arrivesMs: Ms = 0;

  function put(item: Packet | typeof end, bytes: number): void {
    const now = time.clock.now();
    leavesMs = Math.max(leavesMs, now) + bytes / quality.bytesPerMs;
    // Drawn for each packet, but nothing overtakes.
    arrivesMs = Math.max(arrivesMs, leavesMs + quality.latencyMs());
    travelling.push({ item, bytes, leavesMs, arrivesMs });
    time.clock.after(arrivesMs - now, arrive);
  }

  function arrive(): void {
    const next = travelling.shift();
    if (next) way.carry(next.bytes, () => (next.item === end ? breakOff() : hand(next.item)));
  }

  function hand(packet: Packet): void {
    if (!over) listener?.receive(packet);
  }

  function breakOff(): void {
    if (over) return;
    over = true;
    closed = true;
    listener?.ended();
    wasOver();
  }

  function close(): void {
    closed = true;
    put(end, 0);
    wasClosed();
  }

  /** Its system still sends what it had taken over; the rest is lost, also the end of a finished direction behind it. */
  function cut(): void {
    const lastMs = time.clock.now() + quality.bufferBytes / quality.bytesPerMs;
    const ending = travelling.at(-1)?.item === end;
    while (travelling.length > 0 && travelling.at(-1)!.leavesMs > lastMs) travelling.pop();
    // What a link does not hold has not left either.
    if (way.trim(quality.bufferBytes)) travelling = travelling.filter(({ item }) => item === end);
    leavesMs = travelling.at(-1)?.leavesMs ?? 0;
    arrivesMs = travelling.at(-1)?.arrivesMs ?? 0;
    if (!closed || (ending && travelling.at(-1)?.item !== end)) close();
  }

  const backlogMs = (): Ms => Math.max(0, leavesMs - time.clock.now());
  return {
    get closed() {
      return closed;
    },
    get over() {
      return over;
    },
    listen(heard) {
      listener = heard;
    },
    onClosed(run) {
      wasClosed = run;
    },
    onOver(run) {
      wasOver = run;
    },
    push(packet, bytes) {
      if (!closed) put(packet, bytes);
    },
    finish() {
      if (!closed) close();
    },
    cut,
    breakOff,
    backlogMs: () => (way.excessBytes > 0 ? Math.max(backlogMs(), way.lookAgainMs) : backlogMs()),
    backlogBytes: () => Math.max(0, backlogMs() * quality.bytesPerMs + way.excessBytes - quality.bufferBytes),
  };
}

/** A link that nothing disturbs. */
const directWay: HeldWay = {
  carry: (_, act) => act(),
  excessBytes: 0,
  lookAgainMs: 0,
  trim: () => false,
  wake: () => undefined,
  stop: () => undefined,
};

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
