import type { RunningSha256 } from '../ports.ts';

/** SHA-256 (FIPS 180-4, §6.2) of bytes that come in pieces: WebCrypto digests only what is in memory as a whole. */
export function startWebSha256(): RunningSha256 {
  const state = Uint32Array.from(initial);
  const block = new Uint8Array(blockBytes);
  const words = new Uint32Array(64);
  let filled = 0;
  let total = 0;

  const update = (bytes: Uint8Array): void => {
    total += bytes.length;
    for (let taken = 0; taken < bytes.length; ) {
      const part = bytes.subarray(taken, taken + blockBytes - filled);
      block.set(part, filled);
      filled += part.length;
      taken += part.length;
      if (filled < blockBytes) return;
      compress(state, block, words);
      filled = 0;
    }
  };

  return {
    update,
    digest: () => {
      const bits = total * 8;
      // A one, zeros, and the length in bits at the end of a block, §5.1.1.
      const zeros = (2 * blockBytes - 9 - filled) % blockBytes;
      const padding = new Uint8Array(1 + zeros + 8);
      padding[0] = 0x80;
      const view = new DataView(padding.buffer);
      view.setUint32(1 + zeros, Math.floor(bits / 2 ** 32));
      view.setUint32(5 + zeros, bits >>> 0);
      update(padding);
      const digest = new Uint8Array(32);
      for (const [index, word] of state.entries()) new DataView(digest.buffer).setUint32(4 * index, word);
      return digest;
    },
  };
}

// ---

const blockBytes = 64;

/** The first 32 bits of the fractional parts of roots of the first primes, §4.2.2 and §5.3.3. */
const primes = firstPrimes(64);
const initial = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const constants = Uint32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));

function firstPrimes(count: number): readonly number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}

function fraction(root: number): number {
  return ((root - Math.floor(root)) * 2 ** 32) >>> 0;
}

function compress(state: Uint32Array, block: Uint8Array, w: Uint32Array): void {
  const view = new DataView(block.buffer, block.byteOffset, blockBytes);
  for (let t = 0; t < 16; t++) w[t] = view.getUint32(4 * t);
  for (let t = 16; t < 64; t++) {
    const [x, y] = [w[t - 15]!, w[t - 2]!];
    const low = rotated(x, 7) ^ rotated(x, 18) ^ (x >>> 3);
    const high = rotated(y, 17) ^ rotated(y, 19) ^ (y >>> 10);
    w[t] = w[t - 16]! + low + w[t - 7]! + high;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let t = 0; t < 64; t++) {
    const one =
      (h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & f) ^ (~e & g)) + constants[t]! + w[t]!) | 0;
    const two = ((rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index] = state[index]! + word;
}

function rotated(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}
