export type ImageType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp' | 'image/avif';

export interface Dimensions {
  readonly width: number;
  readonly height: number;
}

/** One kind of image, known by its first bytes. Neither method throws, whatever the bytes. */
export interface ImageFormat {
  readonly type: ImageType;
  /** For people. */
  readonly name: string;
  /** Whether bytes begin as such an image does. */
  matches(head: Uint8Array): boolean;
  /** As large as a decoder would make it; null when the head does not say. Only for bytes that match. */
  dimensions(head: Uint8Array): Dimensions | null;
}

/** Whether the characters of `text` stand at `at`, one byte each. */
export function hasText(bytes: Uint8Array, at: number, text: string): boolean {
  return (
    at >= 0 && at + text.length <= bytes.length && [...text].every((char, i) => bytes[at + i] === char.charCodeAt(0))
  );
}

/** Reads numbers; null beyond the end. */
export function numbersIn(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const within = (at: number, size: number): boolean => at >= 0 && at + size <= bytes.length;
  return {
    byte: (at: number): number | null => (within(at, 1) ? view.getUint8(at) : null),
    /** High byte first, as in PNG, JPEG and AVIF. */
    big16: (at: number): number | null => (within(at, 2) ? view.getUint16(at) : null),
    big32: (at: number): number | null => (within(at, 4) ? view.getUint32(at) : null),
    /** Low byte first, as in GIF and WebP. */
    little16: (at: number): number | null => (within(at, 2) ? view.getUint16(at, true) : null),
    little24: (at: number): number | null =>
      within(at, 3) ? view.getUint16(at, true) + 65_536 * view.getUint8(at + 2) : null,
    little32: (at: number): number | null => (within(at, 4) ? view.getUint32(at, true) : null),
  };
}

export function dimensionsOf(width: number | null, height: number | null): Dimensions | null {
  return width === null || height === null || width === 0 || height === 0 ? null : { width, height };
}
