import type { Random } from '../ports.ts';

/** A cryptographic source of chance. */
export interface ByteSource {
  /** `length` bytes. */
  bytes(length: number): Uint8Array;
  /** Fills all of it; at most 2 KiB. */
  fill(words: Uint32Array<ArrayBuffer>): void;
}

/**
 * Chance from a cryptographic source. Nothing of it can be repeated: `fork` gives the same source again, for streams of a
 * secret source are independent anyway.
 */
export function createSourceRandom({ bytes, fill }: ByteSource): Random {
  /** One call of the source fills many draws: a single draw would cost a system call each. */
  const pool = new Uint32Array(512);
  let used = pool.length;
  const random: Random = { next, bytes, fork: () => random };
  return random;

  /** 53 random bits as a fraction, the usual way: 27 high and 26 low ones. */
  function next(): number {
    if (used >= pool.length) {
      fill(pool);
      used = 0;
    }
    const high = pool[used++]! >>> 5;
    const low = pool[used++]! >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }
}
