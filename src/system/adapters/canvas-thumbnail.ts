import type { BlobLike, MakeThumbnail } from '../client/images/index.ts';
import { createThumbnails, type Picture, type ThumbnailOptions } from './thumbnail-recipe.ts';

/** Thumbnails on Node: JPEG on white, at most 256 pixels on a side. */
export function createCanvasThumbnails(options: ThumbnailOptions = {}): MakeThumbnail {
  return createThumbnails(decode, options);
}

// ---

async function decode(image: BlobLike): Promise<Picture> {
  // Loaded when it is needed: few programs draw.
  const { createCanvas, loadImage } = await import('@napi-rs/canvas');
  const picture = await loadImage(Buffer.from(await image.arrayBuffer()));
  return {
    width: picture.width,
    height: picture.height,
    drawn({ width, height }) {
      const canvas = createCanvas(width, height);
      const context = canvas.getContext('2d');
      context.fillStyle = 'white';
      context.fillRect(0, 0, width, height);
      context.drawImage(picture, 0, 0, width, height);
      return (quality) => canvas.encode('jpeg', quality);
    },
    close: () => {},
  };
}
