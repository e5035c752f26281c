import { limits } from '../../protocol/limits.ts';
import { chunkBytes, tagBytes } from './chunk-cipher.ts';

const kibibyte = 1024;

/** What a client takes, of its own user and of others. */
export const imageLimits = {
  /** Bytes of an image: encrypted, it fits into a blob. */
  bytesMax: limits.blobBytesMax - tagBytes * Math.ceil(limits.blobBytesMax / (chunkBytes + tagBytes)),
  /** Decoded, 64 million pixels take 256 MB. Checked before anybody decodes. */
  pixelsMax: 64_000_000,
  /** What browsers can draw. */
  sideMax: 16_384,
  /** Bytes at the beginning in which the dimensions must stand. */
  headBytesMax: 1024 * kibibyte,
  thumbnailBytesMax: 20 * kibibyte,
  thumbnailSideMax: 256,
} as const;
