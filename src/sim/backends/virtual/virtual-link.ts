import type { Random } from '../../../system/index.ts';
import type { LinkBehaviour, LinkName } from '../../links/behaviour.ts';
import { createHeldWay, type HeldWay } from './held-way.ts';
import type { VirtualProcess } from './virtual-process.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A way between two parties that faults may disturb. Until one does, it neither takes time nor draws anything. */
export interface VirtualLink {
  readonly name: LinkName;
  /** Whether new connections reach the far end now. */
  readonly passes: boolean;
  /** One party is on no network: what is sent vanishes, and nobody is told. */
  readonly vanished: boolean;
  /** How many connections it carries now. */
  readonly connections: number;
  set(behaviour: LinkBehaviour): void;
  /** Off: connections there were have lost both ends for good; new ones can be made. */
  vanish(on: boolean): void;
  /** A new connection from the near end. It is accepted at once, whatever becomes of it. */
  connect(ends: LinkEnds): LinkConnection;
}

/** Who hears what becomes of a connection. */
export interface LinkEnds {
  /** The process at the near end: its connections count while it lives. */
  readonly owner?: VirtualProcess;
  /** The way to the far end is there only now, for the link was cut before. */
  made?(): void;
  /** The far end hears that it broke, the near end nothing. */
  farBroke?(): void;
  /** Both ends hear that it broke. */
  broke?(): void;
  /** From now on nothing may be heard for long. */
  disturbed?(): void;
}

export interface LinkConnection {
  readonly there: HeldWay;
  readonly back: HeldWay;
  readonly state: 'made' | 'waiting' | 'lost';
  /** Whether what is waited for over it may never come. */
  readonly doubtful: boolean;
  /** The near end ends it: what it has said still goes there, and nothing comes back. */
  close(): void;
}

/** `random`: each connection draws its delays from a stream of its own. */
export function createVirtualLink(time: VirtualTime, name: LinkName, random: Random): VirtualLink {
  const carried = new Set<Carried>();
  let behaviour: LinkBehaviour = { kind: 'open' };
  let vanished = false;
  let count = 0;

  const passes = (): boolean => !vanished && (behaviour.kind === 'open' || behaviour.kind === 'slow');
  const doubtful = (): boolean => vanished || behaviour.kind !== 'open';

  /** A connection without a far end gets one, never gets one, or waits on. */
  function admit(one: Carried): void {
    if (passes()) one.make();
    else if (vanished || behaviour.kind !== 'cut') one.lose();
  }

  function heed(one: Carried): void {
    const { state } = one.connection;
    if (behaviour.kind === 'reset') one.breakOff();
    else if (state === 'waiting') {
      admit(one);
      if (passes()) one.ends.made?.();
    } else if (state === 'made' && vanished) one.lose();
    else if (state === 'made' && behaviour.kind === 'halfOpen') one.loseFarEnd();
    if (doubtful()) one.ends.disturbed?.();
    one.wake();
  }

  function heedAll(): void {
    for (const one of [...carried]) heed(one);
  }

  return {
    name,
    get passes() {
      return passes();
    },
    get vanished() {
      return vanished;
    },
    get connections() {
      return [...carried].filter(({ ends }) => ends.owner?.alive !== false).length;
    },
    set(next) {
      behaviour = next;
      heedAll();
    },
    vanish(on) {
      vanished = on;
      heedAll();
    },
    connect(ends) {
      const stream = `connection:${++count}`;
      const way = (direction: string): HeldWay =>
        createHeldWay({ time, behaviour: () => behaviour, random: () => random.fork(stream).fork(direction) });
      const one: Carried = carry({ ends, way, doubtful, closed: () => carried.delete(one) });
      carried.add(one);
      admit(one);
      // Who asked for it must know it before it breaks.
      if (behaviour.kind === 'reset') time.clock.after(0, one.breakOff);
      return one.connection;
    },
  };
}

// ---

interface Carried {
  readonly ends: LinkEnds;
  readonly connection: LinkConnection;
  make(): void;
  lose(): void;
  loseFarEnd(): void;
  breakOff(): void;
  wake(): void;
}

function carry(order: {
  readonly ends: LinkEnds;
  readonly way: (direction: 'there' | 'back') => HeldWay;
  readonly doubtful: () => boolean;
  readonly closed: () => void;
}): Carried {
  const there = order.way('there');
  const back = order.way('back');
  let ends = order.ends;
  let state: LinkConnection['state'] = 'waiting';

  function lose(): void {
    state = 'lost';
    there.stop();
    back.stop();
  }

  function remove(): void {
    ends = {};
    lose();
    order.closed();
  }

  return {
    get ends() {
      return ends;
    },
    connection: {
      there,
      back,
      get state() {
        return state;
      },
      get doubtful() {
        return state !== 'made' || order.doubtful();
      },
      close() {
        ends = {};
        back.stop();
        // The end goes behind what was said.
        if (state === 'lost') remove();
        else there.carry(0, remove);
      },
    },
    make() {
      state = 'made';
    },
    lose,
    loseFarEnd() {
      lose();
      ends.farBroke?.();
    },
    breakOff() {
      const { broke } = ends;
      remove();
      broke?.();
    },
    wake() {
      there.wake();
      back.wake();
    },
  };
}
