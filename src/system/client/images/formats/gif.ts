import { type Dimensions, dimensionsOf, hasText, type ImageFormat, numbersIn } from './format.ts';

/** GIF89a specification: header §17, logical screen §18, image descriptor §20, extensions §23 and following. */
export const gif: ImageFormat = {
  type: 'image/gif',
  name: 'GIF',
  matches: (head) => hasText(head, 0, 'GIF87a') || hasText(head, 0, 'GIF89a'),
  dimensions: (head) => {
    const { little16 } = numbersIn(head);
    const screen = dimensionsOf(little16(6), little16(8));
    const at = firstImage(head);
    // A first image that is larger than the screen, against the rule, is what some decoders make the screen as large as.
    const image = at === null ? null : dimensionsOf(little16(at + 5), little16(at + 7));
    return at === null || image === null ? null : larger(screen, grown(image, little16(at + 1)!, little16(at + 3)!));
  },
};

// ---

function grown({ width, height }: Dimensions, left: number, top: number): Dimensions {
  return { width: left + width, height: top + height };
}

function larger(one: Dimensions | null, other: Dimensions): Dimensions {
  if (one === null) return other;
  return { width: Math.max(one.width, other.width), height: Math.max(one.height, other.height) };
}

/** Where the first image descriptor stands. */
function firstImage(head: Uint8Array): number | null {
  const { byte } = numbersIn(head);
  let at: number | null = 13 + colourTableBytes(byte(10) ?? 0);
  while (at !== null && byte(at) === extension) at = behindBlocks(head, at + 2);
  return at !== null && byte(at) === imageDescriptor ? at : null;
}

const extension = 0x21;
const imageDescriptor = 0x2c;

function colourTableBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
}

/** Blocks have their length before them, and an empty one behind them, §15 and §16. */
function behindBlocks(head: Uint8Array, from: number): number | null {
  for (let at = from; at < head.length; at += 1 + head[at]!) if (head[at] === 0) return at + 1;
  return null;
}
