import type { MakeThumbnail } from '../client/images/index.ts';
import { imageLimits } from '../client/images/index.ts';

/** Thumbnails on Node: JPEG on white, at most 256 pixels on a side. */
export function createCanvasThumbnails({
  pixelsMax = pixelsMaxDefault,
}: {
  readonly pixelsMax?: number;
} = {}): MakeThumbnail {
  return async (image, { width, height }) => {
    if (width * height > pixelsMax) return null;
    // Loaded when it is needed: few programs draw.
    const { createCanvas, loadImage } = await import('@napi-rs/canvas');
    const picture = await loadImage(Buffer.from(await image.arrayBuffer()));
    const scale = Math.min(1, imageLimits.thumbnailSideMax / Math.max(picture.width, picture.height));
    const small = { width: sideOf(picture.width * scale), height: sideOf(picture.height * scale) };
    const canvas = createCanvas(small.width, small.height);
    const context = canvas.getContext('2d');
    context.fillStyle = 'white';
    context.fillRect(0, 0, small.width, small.height);
    context.drawImage(picture, 0, 0, small.width, small.height);
    for (const quality of qualities) {
      const bytes = await canvas.encode('jpeg', quality);
      if (bytes.length <= imageLimits.thumbnailBytesMax) return { type: 'image/jpeg', bytes, ...small };
    }
    return null;
  };
}

// ---

/** Decoded, this many pixels take 100 MB for a moment; larger images go without. */
const pixelsMaxDefault = 25_000_000;
/** Tried in this order until the picture is small enough. */
const qualities = [80, 60, 40, 20] as const;

function sideOf(pixels: number): number {
  return Math.max(1, Math.round(pixels));
}
