import type { Line, Span } from '../text/spans.ts';

/** A decoded picture: four bytes (red, green, blue, alpha) for each pixel, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/** A picture in characters: each shows two pixels, one above the other, as the upper half of a block and what is behind it. */
export function halfBlocks({ width, height, data }: Pixels): readonly Line[] {
  return Array.from({ length: Math.ceil(height / 2) }, (_, row) =>
    Array.from({ length: width }, (_, x): Span => {
      const below = row * 2 + 1 < height ? colorAt(x, row * 2 + 1) : undefined;
      return { text: '▀', style: { color: colorAt(x, row * 2), ...(below && { background: below }) } };
    }),
  );

  function colorAt(x: number, y: number): string {
    const at = (y * width + x) * 4;
    return `#${[data[at], data[at + 1], data[at + 2]].map((part = 0) => part.toString(16).padStart(2, '0')).join('')}`;
  }
}

/** The largest size of this shape within so many characters, in pixels of half a character each; never larger than it is. */
export function fittingSize(
  { width, height }: { readonly width: number; readonly height: number },
  { columns, rows }: { readonly columns: number; readonly rows: number },
): { readonly width: number; readonly height: number } {
  const scale = Math.min(1, columns / width, (rows * 2) / height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
