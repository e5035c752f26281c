/** Virtual time: a heap of due events. Between two events all promises settle, so the code in between may be plain async code. */
import type { Cancel, Clock, EpochMs, Ms, Random } from '../../../system/index.ts';
import { createEventHeap, type DueEvent } from './event-heap.ts';
import { installGuards, setVirtual } from './guards.ts';

export interface VirtualTime {
  readonly clock: Clock;
  /** Events that happened so far. */
  readonly events: number;
  /**
   * Runs `work` and moves time from event to event while its promise is pending; what is due afterwards never happens.
   * Rejects when nothing is due and the work still waits, when an event throws, when `limitMs` of virtual time have
   * passed, and when the signal fires.
   */
  run<T>(work: () => Promise<T>, options?: RunOptions): Promise<T>;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Virtual time after which a run is given up; default 7 days. */
  readonly limitMs?: Ms;
}

/** 2026-01-01 00:00 UTC: the calendar time at which every virtual world begins. */
export const virtualEpochMs: EpochMs = 1_767_225_600_000;

const limitDefaultMs = 7 * 24 * 3_600_000;
/** The pump lets the real event loop turn once in this many events: signals, and the test runner, want to be heard. */
const eventsPerRealTurn = 256;

/** Events of one moment happen in an order drawn from `random`, so that races are explored. */
export function createVirtualTime(random: Random): VirtualTime {
  const heap = createEventHeap();
  let nowMs: Ms = 0;
  let serial = 0;
  let events = 0;

  function after(delayMs: Ms, run: () => void): Cancel {
    const dueMs = nowMs + (delayMs > 0 ? delayMs : 0);
    const event: DueEvent = { dueMs, tie: random.next(), serial: serial++, run };
    heap.push(event);
    return () => {
      if (event.run === null) return;
      event.run = null;
      heap.cancelled();
    };
  }

  /** The next event's work, with the clock moved to it; null when nothing is due. */
  function advance(): (() => void) | null {
    const event = heap.pop();
    if (event === undefined || event.run === null) return null;
    nowMs = event.dueMs;
    events++;
    const { run } = event;
    // From here on cancelling it is too late.
    event.run = null;
    return run;
  }

  return {
    clock: { now: () => nowMs, wall: () => virtualEpochMs + Math.floor(nowMs), after },
    get events() {
      return events;
    },
    run: (work, options = {}) => pump({ work, advance, now: () => nowMs, ...options }),
  };
}

// ---

interface PumpOrder<T> extends RunOptions {
  readonly work: () => Promise<T>;
  readonly advance: () => (() => void) | null;
  readonly now: () => Ms;
}

type Outcome<T> = { readonly kind: 'done'; readonly value: T } | { readonly kind: 'failed'; readonly error: unknown };

// The pump's own use of the real world, taken before any guard stands.
const nextTick = process.nextTick.bind(process);
const { setImmediate } = globalThis;

function pump<T>(order: PumpOrder<T>): Promise<T> {
  const { advance, now, signal, limitMs = limitDefaultMs } = order;
  return new Promise((resolve, reject) => {
    const removeGuards = installGuards();
    let outcome: Outcome<T> | null = null;
    let turns = 0;

    const fail = (error: unknown): void => {
      outcome ??= { kind: 'failed', error };
    };
    const begin = (): void => {
      order.work().then((value) => {
        outcome ??= { kind: 'done', value };
      }, fail);
    };
    const settle = (result: Outcome<T>): void => {
      removeGuards();
      if (result.kind === 'done') resolve(result.value);
      else reject(result.error);
    };
    /** One event and all promises that it settles; then `next`. */
    const turn = (run: () => void): void => {
      setVirtual(true);
      try {
        run();
      } catch (error) {
        fail(error);
      }
      // A tick asked for by a microtask comes when the queue of microtasks is empty.
      queueMicrotask(() => nextTick(next));
    };
    const next = (): void => {
      setVirtual(false);
      if (outcome !== null) settle(outcome);
      else if (++turns % eventsPerRealTurn === 0) setImmediate(proceed);
      else proceed();
    };
    const proceed = (): void => {
      const obstacle = signal?.aborted ? signal.reason : now() > limitMs ? endless(limitMs) : null;
      const run = obstacle === null ? advance() : null;
      if (run === null) settle({ kind: 'failed', error: obstacle ?? deadlock(now()) });
      else turn(run);
    };

    turn(begin);
  });
}

function deadlock(nowMs: Ms): Error {
  return new Error(
    `Virtual time stopped at ${nowMs} ms: nothing is due, yet the work still waits. ` +
      'It waits for something of the real world, or for a promise that nobody settles.',
  );
}

function endless(limitMs: Ms): Error {
  return new Error(`The work was not done after ${limitMs} ms of virtual time, its limit.`);
}
