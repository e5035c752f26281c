/** Every kind of image that is taken, by name of the file; anything else is refused. */
import { avif } from './avif.ts';
import type { ImageFormat } from './format.ts';
import { gif } from './gif.ts';
import { jpeg } from './jpeg.ts';
import { png } from './png.ts';
import { webp } from './webp.ts';

export const imageFormats = { png, jpeg, gif, webp, avif } as const satisfies Record<string, ImageFormat>;
