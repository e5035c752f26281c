import type { BlobLike, ImageType, MakeThumbnail } from '../client/images/index.ts';
import { createThumbnails, type Picture, type ThumbnailOptions } from './thumbnail-recipe.ts';

/** The part of a browser that draws, in pages and workers; its own objects fit. */
export interface DrawingWorld {
  createImageBitmap(image: Blob): Promise<Bitmap>;
  readonly OffscreenCanvas: new (width: number, height: number) => DrawingCanvas;
}

export interface Bitmap {
  readonly width: number;
  readonly height: number;
  close(): void;
}

export interface DrawingCanvas {
  getContext(kind: '2d'): DrawingContext | null;
  /** `quality` 0 to 1. */
  convertToBlob(options: { readonly type: string; readonly quality: number }): Promise<BlobLike>;
}

export interface DrawingContext {
  fillStyle: unknown;
  fillRect(x: number, y: number, width: number, height: number): void;
  drawImage(image: Bitmap, x: number, y: number, width: number, height: number): void;
}

/** Thumbnails in a page or a worker; where that cannot draw, images go without. */
export function createBrowserThumbnails(
  options: ThumbnailOptions = {},
  world: Partial<DrawingWorld> = globalThis as unknown as Partial<DrawingWorld>,
): MakeThumbnail {
  const { createImageBitmap, OffscreenCanvas } = world;
  if (createImageBitmap === undefined || OffscreenCanvas === undefined) return async () => null;
  // Called without an owner: a browser's own function takes no other.
  const drawing = { createImageBitmap: (image: Blob) => createImageBitmap(image), OffscreenCanvas };
  return createThumbnails((image, type) => decode(drawing, image, type), options);
}

// ---

async function decode(world: DrawingWorld, image: BlobLike, type: ImageType): Promise<Picture> {
  const blob = image instanceof Blob ? image : new Blob([await image.arrayBuffer()], { type });
  const bitmap = await world.createImageBitmap(blob);
  return {
    width: bitmap.width,
    height: bitmap.height,
    drawn({ width, height }) {
      const canvas = new world.OffscreenCanvas(width, height);
      const context = canvas.getContext('2d');
      if (context === null) throw new Error('The browser cannot draw now.');
      context.fillStyle = 'white';
      context.fillRect(0, 0, width, height);
      context.drawImage(bitmap, 0, 0, width, height);
      return async (quality) => {
        const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: quality / 100 });
        return new Uint8Array(await blob.arrayBuffer());
      };
    },
    close: () => bitmap.close(),
  };
}
