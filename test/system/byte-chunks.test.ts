import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toBase64url } from '../../src/system/base64url.ts';
import { inChunks } from '../../src/system/byte-chunks.ts';
import { cutAt, streamOf } from '../helpers/byte-streams.ts';

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });

it('chunks hold the same bytes in the same order; all are full but the last', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      cuts,
      fc.integer({ min: 1, max: 50 }),
      async (bytes, at, size) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of inChunks(streamOf(cutAt(bytes, at)).pieces, size)) chunks.push(chunk);
        expect(Buffer.concat(chunks)).toEqual(Buffer.from(bytes));
        expect(chunks.slice(0, -1).every(({ length }) => length === size)).toBe(true);
        expect(chunks.every(({ length }) => length > 0 && length <= size)).toBe(true);
      },
    ),
  );
});

it('base64url is what others make of the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000 }), (bytes) => {
      expect(toBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
    }),
    { numRuns: 50 },
  );
});
