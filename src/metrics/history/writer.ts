import { closeSync, openSync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { chunkEventsMax, createChunkBuffer } from './codec.ts';
import type { HistorySink } from './event.ts';
import { encodeFrame, encodeHeader } from './file.ts';

export interface HistoryWriter extends HistorySink {
  /** Writes what is left. Rejects with one sentence when any part of the history could not be written. */
  close(): Promise<void>;
}

/** A chunk is written when it is full, or when an event comes this much after its first: a crash loses no more. */
const chunkSpanMs = 1000;
/** Chunks that wait for the disk; beyond this the history is given up rather than the memory filled. */
const pendingChunksMax = 256;

/**
 * Streams events to a new file. `add` only copies numbers; compression runs on another thread and the file is written
 * asynchronously. Events stand in the file in the order of `add`, which must be the order of their `t`.
 * Throws at once when the file cannot be made.
 */
export function createHistoryWriter(path: string): HistoryWriter {
  const file = openSync(path, 'w');
  writeSync(file, encodeHeader());
  const buffer = createChunkBuffer();
  let chunkFromMs = 0;
  let pending = 0;
  let failure: string | null = null;
  let tail: Promise<unknown> = Promise.resolve();

  function seal(): void {
    const events = buffer.length;
    if (events === 0) return;
    const chunk = buffer.take();
    if (failure !== null) return;
    if (pending >= pendingChunksMax) {
      failure = `the disk is ${pendingChunksMax} chunks behind`;
      return;
    }
    pending += 1;
    const frame = encodeFrame(chunk, events);
    tail = Promise.all([frame, tail])
      .then(([bytes]) => append(file, bytes))
      .catch((error: Error) => {
        failure ??= error.message;
      })
      .finally(() => {
        pending -= 1;
      });
  }

  return {
    add(event) {
      if (buffer.length === 0) chunkFromMs = event.t;
      else if (event.t - chunkFromMs >= chunkSpanMs) {
        seal();
        chunkFromMs = event.t;
      }
      buffer.add(event);
      if (buffer.length === chunkEventsMax) seal();
    },
    async close() {
      seal();
      await tail;
      closeSync(file);
      if (failure !== null) throw new Error(`The history ${path} is not complete: ${failure}.`);
    },
  };
}

// ---

const writeSome = promisify(write);

/** One `write` may write less than it was given. */
async function append(file: number, bytes: Buffer): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await writeSome(file, bytes, written, bytes.length - written, null);
    written += bytesWritten;
  }
}
