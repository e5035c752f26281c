import type { Inspected } from './inspect.ts';
import { inspectImage } from './inspect.ts';
import { imageLimits } from './limits.ts';
import type { BlobLike } from './source.ts';

/** A small picture of an image. */
export interface Thumbnail {
  readonly type: 'image/jpeg' | 'image/png';
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Makes one; a port, for browsers and Node draw in different ways. It is shown images only whose type and size have been
 * read from their bytes and found bearable. Null, or a rejection, when it cannot: then the image goes without.
 */
export type MakeThumbnail = (image: BlobLike, inspected: Inspected) => Promise<Thumbnail | null>;

/** Whether these bytes are a thumbnail as `MakeThumbnail` promises and as others are shown it. Never throws. */
export function isThumbnail({ type, bytes, width, height }: Thumbnail): boolean {
  const { thumbnailBytesMax, thumbnailSideMax } = imageLimits;
  if (bytes.length > thumbnailBytesMax || Math.max(width, height) > thumbnailSideMax) return false;
  try {
    const found = inspectImage(bytes);
    return found.type === type && found.width === width && found.height === height;
  } catch {
    return false;
  }
}
