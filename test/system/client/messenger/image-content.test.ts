import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBase64url } from '../../../../src/system/base64url.ts';
import { plaintextBytesMax } from '../../../../src/system/client/encryption/sizes.ts';
import { imageLimits } from '../../../../src/system/client/images/limits.ts';
import { type ImageReference, imageReference } from '../../../../src/system/client/images/reference.ts';
import { readContent, searchText } from '../../../../src/system/client/messenger/content.ts';
import { writeImage } from '../../../../src/system/client/messenger/image-content.ts';
import { messengerImageLimits } from '../../../../src/system/client/messenger/image-contract.ts';
import { pngOf } from '../../../helpers/images.ts';

const secret = toBase64url(new Uint8Array(32).fill(7));
const thumbnail = { type: 'image/png', width: 3, height: 2, data: toBase64url(pngOf(imageLimits.thumbnailBytesMax)) };
const reference: ImageReference = imageReference.parse({
  blob: 'A'.repeat(32),
  key: secret,
  bytes: imageLimits.bytesMax,
  sha256: secret,
  type: 'image/avif',
  width: imageLimits.sideMax,
  height: imageLimits.sideMax,
  thumbnail,
});
const bytesOf = (text: string) => new TextEncoder().encode(text).length;

describe('the content of an image', () => {
  it('shows what it is, and nothing that opens it', () => {
    const written = writeImage({ reference, caption: 'The sea' }, plaintextBytesMax);
    const content = readContent(written);
    expect(content).toEqual({
      kind: 'image',
      caption: 'The sea',
      image: {
        type: 'image/avif',
        width: imageLimits.sideMax,
        height: imageLimits.sideMax,
        bytes: imageLimits.bytesMax,
        thumbnail: { type: 'image/png', width: 3, height: 2, bytes: pngOf(imageLimits.thumbnailBytesMax) },
      },
    });
    expect(JSON.parse(written)).toMatchObject({ v: 1, fallback: '[image] The sea' });
    expect(searchText(content)).toBe('The sea');
    expect(searchText(readContent(writeImage({ reference, caption: '' }, plaintextBytesMax)))).toBeNull();
  });

  it('fits into a message with any caption that is allowed: where the thumbnail does not, it stays behind', () => {
    const { captionCharsMax } = messengerImageLimits;
    const long = { reference, caption: 'x'.repeat(captionCharsMax) };
    expect(bytesOf(writeImage(long, plaintextBytesMax))).toBeLessThanOrEqual(plaintextBytesMax);
    expect(readContent(writeImage(long, plaintextBytesMax))).toMatchObject({ image: { thumbnail: { width: 3 } } });
    // Nothing takes more room in JSON.
    const longest = { reference, caption: '\0'.repeat(captionCharsMax) };
    const written = writeImage(longest, plaintextBytesMax);
    expect(bytesOf(written)).toBeLessThanOrEqual(plaintextBytesMax);
    expect(readContent(written)).toMatchObject({ kind: 'image', caption: longest.caption, image: { thumbnail: null } });
  });

  it('is never an exception, whatever stands in its place, and its fallback is shown', () => {
    const anything = fc.jsonValue({ maxDepth: 2 });
    const fields = Object.keys(reference) as (keyof ImageReference)[];
    const spoilt = fc
      .tuple(fc.constantFrom(...fields), anything)
      .map(([field, value]) => ({ ...reference, [field]: value }));
    const image = fc.oneof(anything, spoilt);
    fc.assert(
      fc.property(image, anything, (lie, caption) => {
        const written = JSON.stringify({ v: 1, kind: 'image', image: lie, caption, fallback: '[image]' });
        const content = readContent(written);
        if (content.kind === 'image') {
          expect(typeof content.caption).toBe('string');
          expect(content.image.bytes).toBeLessThanOrEqual(imageLimits.bytesMax);
        } else expect(content).toEqual({ kind: 'unknown', name: 'image', fallback: '[image]' });
      }),
      { numRuns: 300 },
    );
  });

  it('of a newer program is read as far as it is known', () => {
    const { thumbnail: _, ...bare } = reference;
    const newer = { v: 1, kind: 'image', image: { ...bare, blurhash: 'x' }, more: 1 };
    expect(readContent(JSON.stringify(newer))).toMatchObject({
      kind: 'image',
      caption: '',
      image: { thumbnail: null },
    });
    expect(readContent(JSON.stringify({ ...newer, v: 2 }))).toMatchObject({ kind: 'unknown', name: 'image' });
  });
});
