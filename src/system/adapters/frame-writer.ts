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
  let pending: string[] = [];
  let pendingBytes = 0;
  let behind = false;

  const written = () => {
    if (!behind || socket.writableLength > 0) return;
    behind = false;
    options.drained();
  };
  const flush = () => {
    if (pending.length === 0) return;
    const bytes = encode(pending, pendingBytes, options.mask);
    pending = [];
    pendingBytes = 0;
    if (!socket.writable) return;
    socket.write(bytes, written);
    behind = socket.writableLength > 0;
  };
  return {
    get bufferedBytes() {
      return pendingBytes + socket.writableLength;
    },
    write: (text) => {
      if (pending.length === 0) flushSoon(flush);
      pending.push(text);
      pendingBytes += Buffer.byteLength(text) + headerBytesMax;
    },
    flush,
  };
}

// ---

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

function encode(texts: readonly string[], bytesMax: number, mask: boolean): Buffer {
  const target = Buffer.allocUnsafe(bytesMax);
  let at = 0;
  for (const text of texts) at = mask ? putMasked(target, at, text) : putFrame(target, at, text, 0);
  return target.subarray(0, at);
}

function putFrame(target: Buffer, at: number, text: string, maskFlag: number): number {
  const length = Buffer.byteLength(text);
  target[at] = finalText;
  const bodyAt = putLength(target, at + 1, length, maskFlag) + (maskFlag === 0 ? 0 : 4);
  return bodyAt + target.write(text, bodyAt);
}

function putLength(target: Buffer, at: number, length: number, maskFlag: number): number {
  if (length < 126) return target.writeUInt8(maskFlag | length, at);
  if (length < 65_536) {
    target[at] = maskFlag | 126;
    return target.writeUInt16BE(length, at + 1);
  }
  target[at] = maskFlag | 127;
  target.writeUInt32BE(Math.floor(length / 2 ** 32), at + 1);
  return target.writeUInt32BE(length % 2 ** 32, at + 5);
}

function putMasked(target: Buffer, at: number, text: string): number {
  const end = putFrame(target, at, text, masked);
  const bodyAt = end - Buffer.byteLength(text);
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
