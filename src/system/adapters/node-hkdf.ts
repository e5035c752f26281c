import { hash } from 'node:crypto';

/** Bytes of a SHA-256 digest. */
export const hashBytes = 32;

/** SHA-256. */
export function digest(data: Uint8Array): Uint8Array {
  return plain(hash('sha256', data, 'buffer'));
}

/**
 * HMAC with SHA-256 (RFC 2104), as the two digests that it is: Node's own `createHmac` makes an object for each, which
 * costs several times the work. MLS derives every key by it.
 */
export function hmac(key: Uint8Array, data: Uint8Array): Uint8Array {
  const short = key.length > blockBytes ? digest(key) : key;
  const inner = new Uint8Array(blockBytes + data.length);
  inner.set(data, blockBytes);
  const outer = new Uint8Array(blockBytes + hashBytes);
  for (let at = 0; at < blockBytes; at++) {
    const byte = short[at] ?? 0;
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  outer.set(digest(inner), blockBytes);
  const tag = digest(outer);
  inner.fill(0);
  outer.fill(0);
  return tag;
}

/** HKDF-Extract of RFC 5869. */
export function extract(salt: Uint8Array, keyMaterial: Uint8Array): Uint8Array {
  return hmac(salt, keyMaterial);
}

/** HKDF-Expand of RFC 5869; `length` is at most 8,160 bytes. */
export function expand(key: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (length > 255 * hashBytes) throw new Error(`HKDF-Expand gives at most ${255 * hashBytes} bytes, not ${length}.`);
  const output = new Uint8Array(length);
  let previous: Uint8Array = new Uint8Array();
  for (let at = 0, block = 1; at < length; at += hashBytes, block++) {
    const input = new Uint8Array(previous.length + info.length + 1);
    input.set(previous);
    input.set(info, previous.length);
    input[input.length - 1] = block;
    previous = hmac(key, input);
    output.set(length - at < hashBytes ? previous.subarray(0, length - at) : previous, at);
  }
  return output;
}

// ---

const blockBytes = 64;

/** The same bytes without Node's class, so that all providers give values of one kind. */
export function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
