import { dimensionsOf, hasText, type ImageFormat, numbersIn } from './format.ts';

/** PNG (W3C, third edition): signature §5.2; the first chunk is IHDR with width and height, §11.2.1. */
export const png: ImageFormat = {
  type: 'image/png',
  name: 'PNG',
  matches: (head) => hasText(head, 0, '\x89PNG\r\n\x1a\n'),
  dimensions: (head) => {
    if (!hasText(head, 12, 'IHDR')) return null;
    const { big32 } = numbersIn(head);
    return dimensionsOf(big32(16), big32(20));
  },
};
