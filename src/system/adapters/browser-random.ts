import type { Random } from '../ports.ts';

/** Chance from the browser's cryptographic source. Nothing of it can be repeated; `fork` gives the same source again. */
export function createBrowserRandom(): Random {
  const random: Random = {
    next: () => {
      const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
      // 53 random bits as a fraction: 27 high and 26 low ones.
      return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
    },
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at += drawBytesMax) crypto.getRandomValues(bytes.subarray(at, at + drawBytesMax));
      return bytes;
    },
    fork: () => random,
  };
  return random;
}

// ---

/** Web Cryptography API, `getRandomValues`: more at once is refused. */
const drawBytesMax = 65_536;
