import type { BlobLike, ImageType, MakeThumbnail } from '../client/images/index.ts';
import { imageLimits } from '../client/images/index.ts';

/** An image that has been decoded. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Draws it on white in this size; the answer encodes that as JPEG, `quality` 1 to 100. */
  drawn(size: { readonly width: number; readonly height: number }): (quality: number) => Promise<Uint8Array>;
  /** It is not needed any more. */
  close(): void;
}

export interface ThumbnailOptions {
  /** Larger images go without: decoded, 25 million pixels, the default, take 100 MB for a moment. */
  readonly pixelsMax?: number;
}

/** Thumbnails as JPEG on white, at most 256 pixels on a side, by whatever can decode and draw. */
export function createThumbnails(
  decode: (image: BlobLike, type: ImageType) => Promise<Picture>,
  { pixelsMax = 25_000_000 }: ThumbnailOptions = {},
): MakeThumbnail {
  return async (image, { type, width, height }) => {
    if (width * height > pixelsMax) return null;
    const picture = await decode(image, type);
    try {
      const scale = Math.min(1, imageLimits.thumbnailSideMax / Math.max(picture.width, picture.height));
      const size = { width: sideOf(picture.width * scale), height: sideOf(picture.height * scale) };
      const encode = picture.drawn(size);
      for (const quality of qualities) {
        const bytes = await encode(quality);
        if (bytes.length <= imageLimits.thumbnailBytesMax) return { type: 'image/jpeg', bytes, ...size };
      }
      return null;
    } finally {
      picture.close();
    }
  };
}

// ---

/** Tried in this order until the picture is small enough. */
const qualities = [80, 60, 40, 20] as const;

function sideOf(pixels: number): number {
  return Math.max(1, Math.round(pixels));
}
