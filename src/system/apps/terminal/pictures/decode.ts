import { Problem } from '../../../problem.ts';
import type { Pixels } from './half-blocks.ts';
import { fittingSize } from './half-blocks.ts';

interface Sized {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Decodes a picture whose type and size have been found bearable, and makes it small enough for so many characters. */
export async function decodePicture(
  picture: Sized,
  room: { readonly columns: number; readonly rows: number },
): Promise<Pixels> {
  const size = fittingSize(picture, room);
  const { context } = await drawn(picture, size);
  return { ...size, data: context.getImageData(0, 0, size.width, size.height).data };
}

/** The picture as a PNG of our own making: a terminal never gets the bytes that somebody sent. */
export async function pngOf(picture: Sized): Promise<Uint8Array> {
  const scale = Math.min(1, pngSideMax / Math.max(picture.width, picture.height));
  const size = {
    width: Math.max(1, Math.round(picture.width * scale)),
    height: Math.max(1, Math.round(picture.height * scale)),
  };
  return (await drawn(picture, size)).canvas.encode('png');
}

// ---

/** More than a window has. */
const pngSideMax = 1600;
/** Decoded, so many pixels take 100 MB for a moment. */
const pixelsMax = 25_000_000;

async function drawn({ bytes, width, height }: Sized, size: { readonly width: number; readonly height: number }) {
  if (width * height > pixelsMax) {
    throw new Problem(
      `The image has ${width} by ${height} pixels, too many to be shown here; /save it and open it elsewhere.`,
    );
  }
  // Loaded when it is needed.
  const { createCanvas, loadImage } = await import('@napi-rs/canvas');
  const image = await loadImage(Buffer.from(bytes));
  const canvas = createCanvas(size.width, size.height);
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, size.width, size.height);
  context.drawImage(image, 0, 0, size.width, size.height);
  return { canvas, context };
}
