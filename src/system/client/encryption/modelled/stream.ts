/** Bytes that look random and are a function of a seed. Nothing secret: the seed of a message travels in it. */

/** Two numbers of 32 bits. */
export interface Seed {
  readonly low: number;
  readonly high: number;
}

/** Mixes bytes into a seed; the cyrb53 hash (public domain), over several parts. */
export function seedOf(...parts: readonly Uint8Array[]): Seed {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (const part of parts) {
    low = Math.imul(low ^ part.length, 2654435761);
    for (let at = 0; at < part.length; at++) {
      low = Math.imul(low ^ part[at]!, 2654435761);
      high = Math.imul(high ^ part[at]!, 1597334677);
    }
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  return { low, high };
}

/** Adds the stream of a seed to bytes, in place; a second time takes it off again. */
export function mask(bytes: Uint8Array, { low, high }: Seed): Uint8Array {
  let state = low;
  for (let at = 0; at < bytes.length; at += 4) {
    // Mulberry32 (public domain), with a second seed in its step.
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), (state ^ high) | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    word ^= word >>> 14;
    bytes[at]! ^= word;
    if (at + 1 < bytes.length) bytes[at + 1]! ^= word >>> 8;
    if (at + 2 < bytes.length) bytes[at + 2]! ^= word >>> 16;
    if (at + 3 < bytes.length) bytes[at + 3]! ^= word >>> 24;
  }
  return bytes;
}

/** So many bytes of a seed's stream. */
export function stream(length: number, seed: Seed): Uint8Array {
  return mask(new Uint8Array(length), seed);
}
