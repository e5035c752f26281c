import type { Ms, Random } from '../../../system/index.ts';
import type { LinkBehaviour } from '../../links/behaviour.ts';
import { createPacing, type Pacing } from '../../links/pacing.ts';
import type { VirtualTime } from './virtual-time.ts';

/** One direction of a connection over a link that may be disturbed. While it is open everything passes at once. */
export interface HeldWay {
  /** `act` happens when what was sent gets through: at once, later, or never. */
  carry(bytes: number, act: () => void): void;
  /** What is held beyond what the link holds: the sender still has it. */
  readonly excessBytes: number;
  /** When to look again whether there is less of it; above 0. */
  readonly lookAgainMs: Ms;
  /** The sender is gone: of what it still had, only `bytes` and the end are still sent. Answers whether anything was lost. */
  trim(bytes: number): boolean;
  /** Looks again at what may go on, after the behaviour has changed. */
  wake(): void;
  /** Nothing more goes on; what is sent is lost. */
  stop(): void;
}

/** More than this is not held; the sender is made to wait, as by a full window. */
const heldBytesMax = 1024 * 1024;
/** How often a sender looks at a link that is cut. */
const lookEveryMs: Ms = 10;
/** Sums of delays are rounded: what is due within this is due. */
const roundingMs: Ms = 1e-6;

interface Held {
  readonly dueMs: Ms;
  readonly bytes: number;
  readonly act: () => void;
}

export function createHeldWay(order: {
  readonly time: VirtualTime;
  readonly behaviour: () => LinkBehaviour;
  /** Draws the jitter; asked for when the link is first disturbed. */
  readonly random: () => Random;
}): HeldWay {
  const { clock } = order.time;
  let held: Held[] = [];
  let heldBytes = 0;
  let pacing: Pacing | null = null;
  let stopped = false;
  let cancelTimer = (): void => undefined;

  function carry(bytes: number, act: () => void): void {
    if (stopped) return;
    if (held.length === 0 && order.behaviour().kind === 'open') act();
    else hold(bytes, act);
  }

  function hold(bytes: number, act: () => void): void {
    pacing ??= createPacing(order.random());
    held.push({ dueMs: pacing.dueMs(clock.now(), bytes, order.behaviour()), bytes, act });
    heldBytes += bytes;
    wake();
  }

  function wake(): void {
    cancelTimer();
    for (let next = held[0]; next !== undefined && isOpen(); next = held[0]) {
      const waitMs = next.dueMs - clock.now();
      if (waitMs > roundingMs) {
        cancelTimer = clock.after(waitMs, wake);
        return;
      }
      held.shift();
      heldBytes -= next.bytes;
      next.act();
    }
  }

  const isOpen = (): boolean => !stopped && order.behaviour().kind !== 'cut';
  const excessBytes = (): number => Math.max(0, heldBytes - heldBytesMax);
  return {
    carry,
    get excessBytes() {
      return excessBytes();
    },
    get lookAgainMs() {
      const next = held[0];
      return next === undefined || !isOpen() ? lookEveryMs : Math.max(roundingMs, next.dueMs - clock.now());
    },
    trim(bytes) {
      const before = held.length;
      let room = heldBytesMax + bytes;
      held = held.filter((one) => {
        room -= one.bytes;
        return one.bytes === 0 || room >= 0;
      });
      heldBytes = held.reduce((sum, one) => sum + one.bytes, 0);
      return held.length < before;
    },
    wake,
    stop() {
      stopped = true;
      cancelTimer();
      held = [];
      heldBytes = 0;
    },
  };
}
