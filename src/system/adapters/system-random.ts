import { randomBytes, randomFillSync } from 'node:crypto';
import type { Random } from '../ports.ts';
import { createSourceRandom } from './source-random.ts';

/** Chance from the operating system's cryptographic source. `fork` gives the same source again. */
export function createSystemRandom(): Random {
  return random;
}

// ---

/** One for the whole thread: what it has drawn in advance is shared. */
const random = createSourceRandom({
  bytes: (length) => new Uint8Array(randomBytes(length)),
  fill: (words) => void randomFillSync(words),
});
