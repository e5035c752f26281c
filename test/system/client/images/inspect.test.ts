import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ImageFailure } from '../../../../src/system/client/images/failure.ts';
import { imageFormats } from '../../../../src/system/client/images/formats/index.ts';
import { inspectImage } from '../../../../src/system/client/images/inspect.ts';
import { drawn, pngOf } from '../../../helpers/images.ts';

const kinds = ['png', 'jpeg', 'gif', 'webp', 'avif'] as const;

describe('type and size of an image', () => {
  it.each(kinds)('are told by the bytes of a real %s', async (kind) => {
    const side = fc.integer({ min: 1, max: kind === 'avif' ? 60 : 400 });
    await fc.assert(
      fc.asyncProperty(side, side, async (width, height) => {
        const head = new Uint8Array(await drawn(kind, { width, height }));
        expect(inspectImage(head)).toEqual({ type: `image/${kind}`, width, height });
      }),
      { numRuns: 8 },
    );
  });

  it.each<[string, string, { width: number; height: number }]>([
    ['a lossless WebP', 'RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x1f\xc3\x95\0', { width: 800, height: 600 }],
    ['an extended WebP', 'RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x1f\x03\0\x57\x02\0', { width: 800, height: 600 }],
    [
      'a progressive JPEG behind metadata',
      `\xff\xd8\xff\xe1\0\x06abcd\xff\xff\xc2\0\x11\x08\x02\x58\x03\x20\x03`,
      { width: 800, height: 600 },
    ],
    [
      'a GIF behind a colour table and an extension',
      `GIF89a\x20\x03\x58\x02\x80\0\0......\x21\xf9\x04abcd\0\x2c\0\0\0\0\x20\x03\x58\x02\0`,
      { width: 800, height: 600 },
    ],
    [
      'a GIF whose first image is larger than its screen',
      'GIF89a\x01\0\x01\0\0\0\0\x2c\x05\0\0\0\x20\x03\x58\x02\0',
      { width: 805, height: 600 },
    ],
  ])('are told of %s', (_, text, size) => {
    expect(inspectImage(new Uint8Array(Buffer.from(text, 'latin1')))).toMatchObject(size);
  });

  it.each([
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
    ['SVG behind a declaration', '<?xml version="1.0"?><svg/>'],
    ['HTML', '<!doctype html><script>alert(1)</script>'],
    ['a page that begins with a comment', '<!-- PNG --><html>'],
    ['PDF', '%PDF-1.7'],
    ['TIFF', 'II*\0'],
    ['HEIC', '\0\0\0\x18ftypheic\0\0\0\0mif1heic'],
    ['MP4', '\0\0\0\x18ftypisom\0\0\0\0isomiso2'],
    ['WAVE', 'RIFF\0\0\0\0WAVEfmt '],
    ['nothing', ''],
    ['text', 'hello'],
    ['a PNG that begins one byte late', ' \x89PNG\r\n\x1a\n'],
  ])('%s is refused, and told what is taken', (_, text) => {
    const inspect = () => inspectImage(new Uint8Array(Buffer.from(text, 'latin1')));
    expect(inspect).toThrow('choose one of PNG, JPEG, GIF, WebP, AVIF');
  });

  it.each([
    [100_000, 1],
    [1, 16_385],
    [16_000, 16_000],
    [0xffffffff, 0xffffffff],
  ])('%d × %d pixels are refused before anybody decodes them', (width, height) => {
    expect(() => inspectImage(pngOf(100, { width, height }))).toThrow(
      `The image has ${width} × ${height} pixels; it may have at most 16384 on a side and 64 million in all`,
    );
  });

  it('no bytes whatever make it throw anything else, or take long', async () => {
    const real = await Promise.all(kinds.map((kind) => drawn(kind, { width: 20, height: 30 })));
    const spoilt = fc
      .record({
        of: fc.constantFrom(...real),
        cut: fc.nat(),
        flips: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
      })
      .map(({ of, cut, flips }) => {
        const bytes = new Uint8Array(of).subarray(0, cut % of.length);
        for (const [at, value] of flips) if (bytes.length > 0) bytes[at % Math.min(bytes.length, 300)] = value;
        return bytes;
      });
    const prefixed = fc
      .tuple(fc.constantFrom(...real), fc.nat(40), fc.uint8Array({ maxLength: 300 }))
      .map(([of, length, rest]) => new Uint8Array(Buffer.concat([of.subarray(0, length), rest])));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), spoilt, prefixed), (bytes) => {
        try {
          const { type, width, height } = inspectImage(bytes);
          expect(Object.values(imageFormats).some((format) => format.type === type)).toBe(true);
          expect(width > 0 && height > 0 && width * height <= 64e6).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ImageFailure);
        }
      }),
      { numRuns: 2000 },
    );
    // A megabyte of the smallest parts that there are.
    for (const head of ['GIF89a\x01\0\x01\0\0\0\0\x21\0', '\xff\xd8\xff\xd0', '\0\0\0\x10ftypavif\0\0\0\0']) {
      const parts = { G: '\x21\0\0', '\xff': '\xff\xd0', '\0': '\0\0\0\x08free' }[head[0]!]!;
      const long = Buffer.from(head + parts.repeat(2 ** 20 / parts.length), 'latin1');
      expect(() => inspectImage(new Uint8Array(long))).toThrow(ImageFailure);
    }
  });
});
