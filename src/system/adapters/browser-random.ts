import type { Random } from '../ports.ts';
import { createSourceRandom } from './source-random.ts';

/** Chance from WebCrypto's source, for browsers. `fork` gives the same source again. */
export function createBrowserRandom(): Random {
  return createSourceRandom({ bytes, fill: (words) => void crypto.getRandomValues(words) });
}

// ---

/** The source gives no more at once. */
const bytesMax = 65_536;

function bytes(length: number): Uint8Array {
  const drawn = new Uint8Array(length);
  for (let from = 0; from < length; from += bytesMax) crypto.getRandomValues(drawn.subarray(from, from + bytesMax));
  return drawn;
}
