import { type Dimensions, dimensionsOf, type ImageFormat, numbersIn } from './format.ts';

/**
 * AVIF (AOM, v1.1): boxes of ISO/IEC 14496-12 §4.2 with a file type box that names the brand, and sizes in the `ispe`
 * properties of HEIF (ISO/IEC 23008-12 §6.5.3). The largest one counts: the image itself, not its parts.
 */
export const avif: ImageFormat = {
  type: 'image/avif',
  name: 'AVIF',
  matches: (head) => {
    const [first] = boxesIn(head, { from: 0, to: head.length });
    return first?.type === 'ftyp' && brandsIn(head, first).some((brand) => brand === 'avif' || brand === 'avis');
  },
  dimensions: (head) => {
    const { big32 } = numbersIn(head);
    const sizes = inside(head, ['meta', 'iprp', 'ipco', 'ispe'], { from: 0, to: head.length }).map(({ from }) =>
      dimensionsOf(big32(from + versionBytes), big32(from + versionBytes + 4)),
    );
    return sizes.reduce(larger, null);
  },
};

// ---

interface Span {
  readonly from: number;
  readonly to: number;
}

interface Box extends Span {
  readonly type: string;
}

/** Version and flags before the content of a full box. */
const versionBytes = 4;

/** The contents of the boxes in a span that lie wholly in the head. */
function boxesIn(head: Uint8Array, span: Span): readonly Box[] {
  const { big32 } = numbersIn(head);
  const boxes: Box[] = [];
  for (let at = span.from; at + 8 <= span.to; ) {
    const size = sizeOf(big32(at)!, () => big32(at + 12), span.to - at);
    const headBytes = big32(at) === 1 ? 16 : 8;
    if (size === null || size < headBytes || at + size > span.to) break;
    boxes.push({ type: textAt(head, at + 4), from: at + headBytes, to: at + size });
    at += size;
  }
  return boxes;
}

/** 0: to the end; 1: 64 bits follow, of which an image in reach needs the low ones only. */
function sizeOf(size: number, low: () => number | null, rest: number): number | null {
  if (size === 0) return rest;
  return size === 1 ? low() : size;
}

/** The boxes at the end of a path of types. */
function inside(head: Uint8Array, [type, ...rest]: readonly string[], span: Span): readonly Span[] {
  const found = boxesIn(head, span).filter((box) => box.type === type);
  if (rest.length === 0) return found;
  return found.flatMap(({ from, to }) =>
    inside(head, rest, { from: type === 'meta' ? from + versionBytes : from, to }),
  );
}

/** The major brand and, behind a version, the compatible ones. */
function brandsIn(head: Uint8Array, { from, to }: Box): readonly string[] {
  const brands: string[] = [];
  for (let at = from; at + 4 <= to; at += 4) if (at !== from + 4) brands.push(textAt(head, at));
  return brands;
}

function textAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function larger(one: Dimensions | null, other: Dimensions | null): Dimensions | null {
  if (one === null || other === null) return one ?? other;
  return { width: Math.max(one.width, other.width), height: Math.max(one.height, other.height) };
}
