import { createCanvas } from '@napi-rs/canvas';
import type { ByteStream, HttpRequest, Transport } from '../../src/system/ports.ts';
import type { ChatServer } from '../../src/system/server/contract.ts';
import { pattern } from './byte-streams.ts';

/** Bytes of any length from 24 on that begin as a PNG image of this size does. */
export function pngOf(length: number, { width = 3, height = 2 } = {}): Uint8Array {
  const bytes = pattern(length);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'));
  view.setUint32(16, width);
  view.setUint32(20, height);
  return bytes;
}

/** A real image with something on it. */
export async function drawn(
  format: 'png' | 'jpeg' | 'gif' | 'webp' | 'avif',
  { width, height }: { width: number; height: number },
): Promise<Buffer> {
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  for (let n = 0; n < 20; n++) {
    context.fillStyle = `hsl(${n * 40} 80% 50%)`;
    context.fillRect((n * width) / 20, (n * n * height) / 400, width / 10, height / 5);
  }
  if (format === 'png') return await canvas.encode('png');
  return format === 'gif' ? canvas.toBuffer('image/gif') : await canvas.encode(format as 'webp');
}

export interface DirectOptions {
  /** Stands between the server and who reads. */
  readonly down?: (bytes: ByteStream) => ByteStream;
  readonly up?: (bytes: ByteStream) => ByteStream;
}

/** Straight into a server, without a network; a signal ends the bytes in both directions. */
export function directTransport(server: ChatServer, { up, down }: DirectOptions = {}): Transport {
  return {
    request: async (request: HttpRequest, { signal, streamed = false } = {}) => {
      signal?.throwIfAborted();
      const sent = request.bytes && cutBy(up?.(request.bytes) ?? request.bytes, signal);
      const answered = server.http({ ...request, ...(sent && { bytes: sent }), remote: '10.0.0.7' });
      const answer = await whileGoing(answered, signal);
      if (!streamed || answer.bytes === undefined) return answer;
      return { ...answer, bytes: cutBy(down?.(answer.bytes) ?? answer.bytes, signal) };
    },
    open: () => {
      throw new Error('Images need no socket.');
    },
  };
}

// ---

function whileGoing<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    signal?.addEventListener('abort', () => reject(signal.reason));
    work.then(resolve, reject);
  });
}

function cutBy({ pieces, length }: ByteStream, signal: AbortSignal | undefined): ByteStream {
  const iterator = pieces[Symbol.asyncIterator]();
  const next = () => whileGoing(iterator.next(), signal);
  const letGo = async () => {
    await iterator.return?.();
    return { done: true as const, value: undefined };
  };
  return { length, pieces: { [Symbol.asyncIterator]: () => ({ next, return: letGo }) } };
}
