import { randomBytes, randomFillSync } from 'node:crypto';
import type { Random } from '../ports.ts';

/**
 * Chance from the operating system's cryptographic source. Nothing of it can be repeated: `fork` gives the same
 * source again, for streams of a secret source are independent anyway.
 */
export function createSystemRandom(): Random {
  const random: Random = {
    next: () => nextFraction(),
    bytes: (length) => new Uint8Array(randomBytes(length)),
    fork: () => random,
  };
  return random;
}

// ---

/** One call of the source fills many draws: a single draw would cost a system call each. */
const pool = new Uint32Array(512);
let used = pool.length;

/** 53 random bits as a fraction, the usual way: 27 high and 26 low ones. */
function nextFraction(): number {
  if (used >= pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const high = pool[used++]! >>> 5;
  const low = pool[used++]! >>> 6;
  return (high * 2 ** 26 + low) / 2 ** 53;
}
