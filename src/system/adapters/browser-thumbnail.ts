import type { BlobLike, MakeThumbnail, Thumbnail } from '../client/images/index.ts';
import { imageLimits } from '../client/images/index.ts';

/** Thumbnails in a page or worker: JPEG on white, at most 256 pixels on a side. */
export function createBrowserThumbnails(world: Drawing = globalThis as unknown as Drawing): MakeThumbnail {
  return async (image, { type, width, height }) => {
    if (world.OffscreenCanvas === undefined || width * height > pixelsMax) return null;
    const picture = await world.createImageBitmap(await blobOf(image, type));
    try {
      const scale = Math.min(1, imageLimits.thumbnailSideMax / Math.max(picture.width, picture.height));
      const small = { width: sideOf(picture.width * scale), height: sideOf(picture.height * scale) };
      const canvas = new world.OffscreenCanvas(small.width, small.height);
      const context = canvas.getContext('2d');
      context.fillStyle = 'white';
      context.fillRect(0, 0, small.width, small.height);
      context.drawImage(picture, 0, 0, small.width, small.height);
      return await smallest(canvas, small);
    } finally {
      picture.close();
    }
  };
}

// ---

/** Decoded, this many pixels take 100 MB for a moment; larger images go without. */
const pixelsMax = 25_000_000;
/** Tried in this order until the picture is small enough. */
const qualities = [0.8, 0.6, 0.4, 0.2] as const;

/** The part of a browser that draws, for a program that is compiled without its types. */
interface Drawing {
  createImageBitmap(image: Blob): Promise<Bitmap>;
  readonly OffscreenCanvas?: new (width: number, height: number) => Canvas;
}

interface Bitmap {
  readonly width: number;
  readonly height: number;
  close(): void;
}

interface Canvas {
  getContext(kind: '2d'): {
    fillStyle: string;
    fillRect(x: number, y: number, width: number, height: number): void;
    drawImage(picture: Bitmap, x: number, y: number, width: number, height: number): void;
  };
  convertToBlob(how: { readonly type: string; readonly quality: number }): Promise<Blob>;
}

async function blobOf(image: BlobLike, type: string): Promise<Blob> {
  return image instanceof Blob ? image : new Blob([await image.arrayBuffer()], { type });
}

async function smallest(canvas: Canvas, sides: Pick<Thumbnail, 'width' | 'height'>): Promise<Thumbnail | null> {
  for (const quality of qualities) {
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality });
    if (blob.size > imageLimits.thumbnailBytesMax) continue;
    return { type: 'image/jpeg', bytes: new Uint8Array(await blob.arrayBuffer()), ...sides };
  }
  return null;
}

function sideOf(pixels: number): number {
  return Math.max(1, Math.round(pixels));
}
