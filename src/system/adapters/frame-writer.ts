import { randomFillSync } from 'node:crypto';
import type { Socket as NetSocket } from 'node:net';

/**
 * Writes WebSocket text frames (RFC 6455, section 5.2) to a socket whose upgrade is done. Frames of one turn of the
 * event loop leave in one write: a system call costs more than all else about a small frame.
 */
export interface FrameWriter {
  /** Bytes not yet handed to the network. */
  readonly bufferedBytes: number;
  /** Queues one frame until the end of this turn. */
  write(text: string): void;
  /** Hands everything over now, for instance before a close frame. */
  flush(): void;
}

export interface FrameWriterOptions {
  /** Clients must mask what they send, servers must not. */
  readonly mask: boolean;
  /** The network was slower than the writes and has caught up. */
  readonly drained: () => void;
}

export function createFrameWriter(socket: NetSocket, options: FrameWriterOptions): FrameWriter {
  let pending: Pending = { texts: [], lengths: [], bytes: 0 };
  let behind = false;

  /** Nothing, written behind everything, tells when all has gone; a callback on every write would cost a tick each. */
  const tellWhenWritten = (): void => void socket.write(noBytes, written);
  const written = () => {
    if (!socket.writable) return;
    behind = socket.writableLength > 0;
    if (behind) tellWhenWritten();
    else options.drained();
  };
  const flush = () => {
    if (pending.bytes === 0) return;
    const bytes = encode(pending, options.mask);
    pending = { texts: [], lengths: [], bytes: 0 };
    if (!socket.writable) return;
    socket.write(bytes);
    if (behind || socket.writableLength === 0) return;
    behind = true;
    tellWhenWritten();
  };
  return {
    get bufferedBytes() {
      return pending.bytes + socket.writableLength;
    },
    write: (text) => {
      if (pending.bytes === 0) flushSoon(flush);
      const length = Buffer.byteLength(text);
      pending.texts.push(text);
      pending.lengths.push(length);
      pending.bytes += length + headerBytesMax;
    },
    flush,
  };
}

// ---

interface Pending {
  readonly texts: string[];
  /** In bytes, of each. */
  readonly lengths: number[];
  /** At most so many, headers included. */
  bytes: number;
}

const noBytes = Buffer.alloc(0);

/** Flags and length (2), extended length (8), mask (4). */
const headerBytesMax = 14;
const finalText = 0x81;
const masked = 0x80;

let waiting: (() => void)[] = [];

/** One immediate for all sockets: after the input of this turn has been handled, before the next is read. */
function flushSoon(flush: () => void): void {
  if (waiting.push(flush) > 1) return;
  setImmediate(() => {
    const due = waiting;
    waiting = [];
    for (const each of due) each();
  });
}

function encode({ texts, lengths, bytes }: Pending, mask: boolean): Buffer {
  const target = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (let index = 0; index < texts.length; index++) {
    at = mask
      ? putMasked(target, at, texts[index]!, lengths[index]!)
      : putFrame(target, at, texts[index]!, lengths[index]!, 0);
  }
  return target.subarray(0, at);
}

function putFrame(target: Buffer, at: number, text: string, length: number, maskFlag: number): number {
  target[at] = finalText;
  const bodyAt = putLength(target, at + 1, length, maskFlag) + (maskFlag === 0 ? 0 : 4);
  target.write(text, bodyAt, length);
  return bodyAt + length;
}

function putLength(target: Buffer, at: number, length: number, maskFlag: number): number {
  if (length < 126) {
    target[at] = maskFlag | length;
    return at + 1;
  }
  if (length < 65_536) {
    target[at] = maskFlag | 126;
    target[at + 1] = length >> 8;
    target[at + 2] = length;
    return at + 3;
  }
  target[at] = maskFlag | 127;
  target.writeUInt32BE(Math.floor(length / 2 ** 32), at + 1);
  return target.writeUInt32BE(length % 2 ** 32, at + 5);
}

function putMasked(target: Buffer, at: number, text: string, length: number): number {
  const end = putFrame(target, at, text, length, masked);
  const bodyAt = end - length;
  const key = nextKey();
  target.writeInt32BE(key, bodyAt - 4);
  // Four bytes a round with the key in locals: masking is what a small frame of a client costs most.
  const [first, second, third, fourth] = [key >>> 24, key >>> 16, key >>> 8, key];
  let index = bodyAt;
  for (; index + 4 <= end; index += 4) {
    target[index]! ^= first;
    target[index + 1]! ^= second;
    target[index + 2]! ^= third;
    target[index + 3]! ^= fourth;
  }
  for (let shift = 24; index < end; index += 1, shift -= 8) target[index]! ^= key >>> shift;
  return end;
}

/** Masks must be unpredictable (RFC 6455, section 10.3); one call of the source serves many frames. */
const keys = new Int32Array(2048);
let keysUsed = keys.length;

function nextKey(): number {
  if (keysUsed >= keys.length) {
    randomFillSync(keys);
    keysUsed = 0;
  }
  return keys[keysUsed++]!;
}
