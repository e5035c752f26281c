import { dimensionsOf, hasText, type ImageFormat, numbersIn } from './format.ts';

/** WebP (RFC 9649): a RIFF file whose first chunk is `VP8 ` (lossy, RFC 6386 §9.1), `VP8L` (lossless) or `VP8X` (extended). */
export const webp: ImageFormat = {
  type: 'image/webp',
  name: 'WebP',
  matches: (head) => hasText(head, 0, 'RIFF') && hasText(head, 8, 'WEBP'),
  dimensions: (head) => {
    const { little16, little24, little32 } = numbersIn(head);
    if (hasText(head, 12, 'VP8X')) return dimensionsOf(plusOne(little24(24)), plusOne(little24(27)));
    if (hasText(head, 12, 'VP8L') && hasText(head, 20, '\x2f')) {
      const bits = little32(21);
      return bits === null ? null : dimensionsOf((bits & mask14) + 1, ((bits >>> 14) & mask14) + 1);
    }
    // The two high bits of each ask for scaling, which nobody does.
    if (hasText(head, 12, 'VP8 ') && hasText(head, 23, '\x9d\x01\x2a')) {
      return dimensionsOf(low14(little16(26)), low14(little16(28)));
    }
    return null;
  },
};

// ---

const mask14 = 0x3fff;

function low14(value: number | null): number | null {
  return value === null ? null : value & mask14;
}

function plusOne(value: number | null): number | null {
  return value === null ? null : value + 1;
}
