import type { Outcome, Send } from '../database/store.ts';
import type { Cancel, Ms } from '../ports.ts';
import { type Ground, logFailure } from './ground.ts';

/**
 * Writes messages together: those that come while a batch is being committed make the next one, and a lone one waits
 * `batchWaitMs` for company. One batch at a time, in the order of arrival: that keeps each sender's order.
 */
export interface GroupCommit<Item extends Batched> {
  add(item: Item): void;
  /** Neither waiting nor being committed. */
  readonly idle: boolean;
}

export interface Batched {
  readonly send: Send;
  /** When it was received. */
  readonly since: Ms;
}

export interface BatchHooks<Item> {
  /** Last look before the item is written; false when it was answered otherwise. */
  mayWrite(item: Item): boolean;
  committed(items: readonly Item[], outcomes: readonly Outcome[], tookMs: Ms): void;
  failed(items: readonly Item[], error: unknown): void;
}

export function createGroupCommit<Item extends Batched>(ground: Ground, hooks: BatchHooks<Item>): GroupCommit<Item> {
  const { clock, settings, store } = ground;
  const { batchWaitMs, batchSizeMax, batchBytesMax } = settings;
  let queue: Item[] = [];
  let committing = false;
  let timer: Cancel | null = null;

  return {
    add(item) {
      queue.push(item);
      if (committing) return;
      if (queue.length >= batchSizeMax) begin();
      else timer ??= clock.after(batchWaitMs, begin);
    },
    get idle() {
      return queue.length === 0 && !committing;
    },
  };

  function begin(): void {
    timer?.();
    timer = null;
    committing = true;
    const items = take();
    if (items.length === 0) {
      committing = false;
      return;
    }
    const startedAt = clock.now();
    store
      .accept(items.map((item) => item.send))
      .then(
        (outcomes) => hooks.committed(items, outcomes, clock.now() - startedAt),
        (error: unknown) => hooks.failed(items, error),
      )
      .catch((error: unknown) => logFailure(ground, 'A batch could not be answered.', error))
      .finally(next);
  }

  function next(): void {
    committing = false;
    const first = queue[0];
    if (first === undefined) return;
    const waitedMs = clock.now() - first.since;
    if (waitedMs >= batchWaitMs || queue.length >= batchSizeMax) begin();
    else timer = clock.after(batchWaitMs - waitedMs, begin);
  }

  function take(): Item[] {
    const items: Item[] = [];
    let bytes = 0;
    let taken = 0;
    for (const item of queue) {
      bytes += item.send.payload.length;
      if (items.length >= batchSizeMax || (items.length > 0 && bytes > batchBytesMax)) break;
      taken++;
      if (hooks.mayWrite(item)) items.push(item);
    }
    queue = queue.slice(taken);
    return items;
  }
}
