import { type FileHandle, open } from 'node:fs/promises';
import { decodeChunk, type Vocabulary } from './codec.ts';
import type { HistoryEvent } from './event.ts';
import { decodeFrameBody, decodeFrameHead, decodeHeader, frameHeadBytes, headerBytes } from './file.ts';

/** A recorded history: batches of events in the order of time. It can be read again and again. */
export interface History extends AsyncIterable<readonly HistoryEvent[]> {
  /** Files that end in the middle of a chunk, as those of a killed process do; known once it has been read to the end. */
  cut(): readonly string[];
}

/**
 * The history that several workers recorded, merged by `t`; events of one file keep their order, and of equal times the
 * file named first comes first. Holds one chunk of each file in memory. Reading throws when a file is missing or no history.
 */
export function readHistory(paths: readonly string[]): History {
  const cutFiles = new Set<string>();
  const cut = (path: string) => cutFiles.add(path);
  return {
    async *[Symbol.asyncIterator]() {
      cutFiles.clear();
      const files = paths.map((path) => readChunks(path, cut));
      try {
        yield* files.length === 1 ? files[0]! : merge(files);
      } finally {
        for (const file of files) await file.return(undefined);
      }
    },
    cut: () => [...cutFiles],
  };
}

// ---

type Chunks = AsyncGenerator<readonly HistoryEvent[], void, undefined>;

async function* readChunks(path: string, cut: (path: string) => void): Chunks {
  const file = await open(path, 'r');
  try {
    const names = decodeHeader(await readBytes(file, headerBytes), path);
    for (;;) {
      const chunk = await readChunk(file, names);
      if (chunk === 'end') return;
      if (chunk === 'cut') {
        cut(path);
        return;
      }
      yield chunk;
    }
  } finally {
    await file.close();
  }
}

async function readChunk(file: FileHandle, names: Vocabulary): Promise<readonly HistoryEvent[] | 'end' | 'cut'> {
  const headBytes = await readBytes(file, frameHeadBytes);
  if (headBytes.length === 0) return 'end';
  const head = decodeFrameHead(headBytes);
  if (head === null) return 'cut';
  const body = await decodeFrameBody(head, await readBytes(file, head.packedBytes));
  return body === null ? 'cut' : decodeChunk(body, head.events, names);
}

/** Fewer bytes than asked for only at the end of the file. */
async function readBytes(file: FileHandle, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, null);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

const batchEventsMax = 8192;

interface Head {
  readonly chunks: Chunks;
  batch: readonly HistoryEvent[];
  next: number;
}

/** K-way merge. `heads` keeps the order of the files, so that ties go to the first. */
async function* merge(files: readonly Chunks[]): AsyncGenerator<readonly HistoryEvent[], void, undefined> {
  const heads: Head[] = [];
  for (const chunks of files) {
    const head = { chunks, batch: [], next: 0 };
    if (await refill(head)) heads.push(head);
  }
  let batch: HistoryEvent[] = [];
  while (heads.length > 0) {
    const head = earliest(heads);
    batch.push(head.batch[head.next++]!);
    if (head.next === head.batch.length && !(await refill(head))) heads.splice(heads.indexOf(head), 1);
    if (batch.length === batchEventsMax) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

async function refill(head: Head): Promise<boolean> {
  const { value, done } = await head.chunks.next();
  if (done === true) return false;
  head.batch = value;
  head.next = 0;
  return true;
}

function earliest(heads: readonly Head[]): Head {
  let first = heads[0]!;
  for (const head of heads) {
    if (head.batch[head.next]!.t < first.batch[first.next]!.t) first = head;
  }
  return first;
}
