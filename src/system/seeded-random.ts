import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { Random } from './ports.ts';

/**
 * A reproducible source: equal seeds give equal draws on every machine. `fork` depends on the seed and the labels on
 * the way, never on what was drawn, so a new user or a new draw moves no other stream. Not for secrets.
 */
export function createSeededRandom(seed: number): Random {
  return randomOf(deriveKey([0x6e617761, 0x61622d31, 0x2d736565, 0x64000000], String(seed)));
}

// ---

/** 128 bits: enough that no two streams of a run meet by chance. */
type Key = readonly [number, number, number, number];

function randomOf(key: Key): Random {
  const generator = xoroshiro128plusFromState(key);
  return {
    next: () => uniformFloat64(generator),
    bytes: (length) => {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at += 4) {
        const word = generator.next();
        for (let offset = 0; offset < 4 && at + offset < length; offset++) bytes[at + offset] = word >>> (8 * offset);
      }
      return bytes;
    },
    fork: (label) => randomOf(deriveKey(key, label)),
  };
}

/** Hashes `label` into `key`: the cyrb128 mix (public domain) with the parent's key as its start. */
function deriveKey(key: Key, label: string): Key {
  let [a, b, c, d] = key;
  for (let at = 0; at < label.length; at++) {
    const unit = label.charCodeAt(at);
    a = b ^ Math.imul(a ^ unit, 597399067);
    b = c ^ Math.imul(b ^ unit, 2869860233);
    c = d ^ Math.imul(c ^ unit, 951274213);
    d = a ^ Math.imul(d ^ unit, 2716044179);
  }
  a = Math.imul(c ^ (a >>> 18), 597399067);
  b = Math.imul(d ^ (b >>> 22), 2869860233);
  c = Math.imul(a ^ (c >>> 17), 951274213);
  d = Math.imul(b ^ (d >>> 19), 2716044179);
  a ^= b ^ c ^ d;
  // A generator whose state is all zero would never leave it.
  return a === 0 && b === 0 && c === 0 && d === 0 ? [1, 2, 3, 4] : [a, b ^ a, c ^ a, d ^ a];
}
