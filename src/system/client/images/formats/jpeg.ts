import { type Dimensions, dimensionsOf, hasText, type ImageFormat, numbersIn } from './format.ts';

/** JPEG (ITU-T T.81): begins with the marker SOI and another one, B.1.1.3; the size stands in the frame header, B.2.2. */
export const jpeg: ImageFormat = {
  type: 'image/jpeg',
  name: 'JPEG',
  matches: (head) => hasText(head, 0, '\xff\xd8\xff'),
  dimensions: (head) => {
    const { byte, big16 } = numbersIn(head);
    let at = 2;
    for (;;) {
      if (byte(at) !== 0xff) return null;
      // Any number of these may stand before a marker, B.1.1.2.
      while (byte(at + 1) === 0xff) at++;
      const marker = byte(at + 1);
      if (marker === null || endsSearch(marker)) return null;
      if (isFrameHeader(marker)) return sizeIn(big16(at + 5), big16(at + 7));
      const length = isBare(marker) ? 0 : big16(at + 2);
      if (length === null || (length < 2 && !isBare(marker))) return null;
      at += 2 + length;
    }
  },
};

// ---

/** A height of zero is told later, B.2.5: nobody needs that. */
function sizeIn(height: number | null, width: number | null): Dimensions | null {
  return dimensionsOf(width, height);
}

/** SOF0 to SOF15, among which DHT, JPG and DAC stand. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** TEM and RST0 to RST7 have no length. */
function isBare(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

/** No marker at all, a second image, the end, or pixels. */
function endsSearch(marker: number): boolean {
  return marker === 0x00 || marker === 0xd8 || marker === 0xd9 || marker === 0xda;
}
