import type { Ms } from '../../../system/index.ts';

/** Something that will happen in virtual time. `run` is null once it was cancelled. */
export interface DueEvent {
  readonly dueMs: Ms;
  /** Drawn from the seed: the order among events of the same moment. */
  readonly tie: number;
  /** The order of scheduling, for two equal draws. */
  readonly serial: number;
  run: (() => void) | null;
}

export interface EventHeap {
  readonly size: number;
  push(event: DueEvent): void;
  /** The next event that was not cancelled; undefined when nothing is left. */
  pop(): DueEvent | undefined;
  /** To be told of every cancellation, so that cancelled events do not pile up. */
  cancelled(): void;
}

/** Cancelled events are swept when they are more than this and more than half of all. */
const sweepAbove = 1024;

/** A binary heap by moment, then draw, then serial number. */
export function createEventHeap(): EventHeap {
  let heap: DueEvent[] = [];
  let dead = 0;

  return {
    get size() {
      return heap.length - dead;
    },
    push(event) {
      heap.push(event);
      siftUp(heap, heap.length - 1);
    },
    pop() {
      for (;;) {
        const event = takeFirst(heap);
        if (event === undefined || event.run !== null) return event;
        dead--;
      }
    },
    cancelled() {
      dead++;
      if (dead < sweepAbove || dead * 2 < heap.length) return;
      heap = heap.filter((event) => event.run !== null).toSorted((a, b) => (isBefore(a, b) ? -1 : 1));
      dead = 0;
    },
  };
}

// ---

function isBefore(a: DueEvent, b: DueEvent): boolean {
  if (a.dueMs !== b.dueMs) return a.dueMs < b.dueMs;
  if (a.tie !== b.tie) return a.tie < b.tie;
  return a.serial < b.serial;
}

function takeFirst(heap: DueEvent[]): DueEvent | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  heap[0] = last;
  siftDown(heap);
  return first;
}

function siftUp(heap: DueEvent[], from: number): void {
  const event = heap[from]!;
  let at = from;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(event, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = event;
}

function siftDown(heap: DueEvent[]): void {
  const event = heap[0]!;
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    if (left >= heap.length) break;
    const right = left + 1;
    const child = right < heap.length && isBefore(heap[right]!, heap[left]!) ? right : left;
    if (!isBefore(heap[child]!, event)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = event;
}
