import { ImageFailure } from './failure.ts';
import type { Dimensions, ImageFormat, ImageType } from './formats/format.ts';
import { imageFormats } from './formats/index.ts';
import { imageLimits } from './limits.ts';

/** What the bytes themselves say. */
export interface Inspected extends Dimensions {
  readonly type: ImageType;
}

/**
 * Tells type and size by the first bytes, at most `headBytesMax` of them, and by nothing else. Throws an `ImageFailure` for
 * what is no supported image, does not say its size there, or is larger than anybody should decode.
 */
export function inspectImage(head: Uint8Array): Inspected {
  const format = formats.find((each) => each.matches(head));
  if (format === undefined) {
    const known = formats.map(({ name }) => name).join(', ');
    throw new ImageFailure('unsupported', `This is no image of a known kind: choose one of ${known}.`);
  }
  const size = format.dimensions(head);
  if (size === null) {
    throw new ImageFailure(
      'unsupported',
      `This ${format.name} image does not say how large it is in its first ${imageLimits.headBytesMax} bytes: save it anew.`,
    );
  }
  const { width, height } = size;
  const { sideMax, pixelsMax } = imageLimits;
  if (Math.max(width, height) > sideMax || width * height > pixelsMax) {
    const rule = `at most ${sideMax} on a side and ${pixelsMax / 1e6} million in all`;
    throw new ImageFailure(
      'tooLarge',
      `The image has ${width} × ${height} pixels; it may have ${rule}: make it smaller.`,
    );
  }
  return { type: format.type, width, height };
}

// ---

const formats: readonly ImageFormat[] = Object.values(imageFormats);
