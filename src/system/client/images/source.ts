import { ImageFailure } from './failure.ts';

/** A `Blob` or `File` of a browser; on Node what `fs.openAsBlob` gives for a file. Can be read more than once. */
export interface BlobLike {
  /** Bytes. */
  readonly size: number;
  stream(): { getReader(): ByteReader };
  arrayBuffer(): Promise<ArrayBuffer>;
}

interface ByteReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** Where an image comes from. What can be read only once gets no thumbnail. */
export type ImageSource = BlobLike | AsyncIterable<Uint8Array>;

export function isBlobLike(source: ImageSource): source is BlobLike {
  return 'arrayBuffer' in source;
}

export function piecesOf(source: ImageSource): AsyncIterable<Uint8Array> {
  return isBlobLike(source) ? readAll(source) : source;
}

/** A source whose failure is told apart from that of the connection. */
export function readable(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    try {
      return await iterator.next();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ImageFailure('unreadable', `The image could not be read (${reason}): choose it again.`, {
        cause: error,
      });
    }
  };
  const finish = async (): Promise<IteratorResult<Uint8Array>> => {
    await iterator.return?.();
    return { done: true, value: undefined };
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: finish }) };
}

/** Something that was read from its beginning on, as if it had not been. */
export interface Peeked {
  /** The first bytes: `headBytes` of them, or all when there are fewer. */
  readonly head: Uint8Array;
  /** Everything. Letting go of it lets go of the source. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** Reads the first bytes. A rejection of the source is passed on. */
export async function peek(source: AsyncIterable<Uint8Array>, headBytes: number): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < headBytes) {
    const next = await iterator.next();
    if (next.done) break;
    // A source may use its buffer again.
    read.push(next.value.slice());
    bytes += next.value.length;
  }
  return { head: joined(read).subarray(0, headBytes), pieces: { [Symbol.asyncIterator]: () => again(read, iterator) } };
}

// ---

async function* readAll(source: BlobLike): AsyncGenerator<Uint8Array, void, void> {
  // Not every browser lets one iterate over a stream.
  const reader = source.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || value === undefined) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/** An iterator that can be let go of before it was begun, which a generator cannot. */
function again(read: Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncIterator<Uint8Array> {
  return {
    next: async () => {
      const value = read.shift();
      return value === undefined ? rest.next() : { done: false, value };
    },
    return: async () => {
      read.length = 0;
      await rest.return?.();
      return { done: true, value: undefined };
    },
  };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
