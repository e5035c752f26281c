import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNodeCiphers } from '../../../../src/system/adapters/node-ciphers.ts';
import { createWebCiphers } from '../../../../src/system/adapters/web-ciphers.ts';
import {
  chunkBytes,
  openChunks,
  sealChunks,
  sealedBytes,
  tagBytes,
} from '../../../../src/system/client/images/chunk-cipher.ts';
import type { Ciphers } from '../../../../src/system/client/images/ciphers.ts';
import { allBytes, cutAt, pattern, streamOf } from '../../../helpers/byte-streams.ts';

const worlds: Readonly<Record<string, Ciphers>> = { node: createNodeCiphers(), web: createWebCiphers() };
const names = Object.keys(worlds);
const key = pattern(32, 5);
const sealedChunkBytes = chunkBytes + tagBytes;

const seal = (bytes: Uint8Array, cuts: readonly number[] = [], ciphers = worlds.node!) =>
  allBytes(sealChunks(ciphers.aead(key), streamOf(cutAt(bytes, cuts)).pieces));
const open = (bytes: Uint8Array, cuts: readonly number[] = [], ciphers = worlds.node!) =>
  allBytes(openChunks(ciphers.aead(key), streamOf(cutAt(bytes, cuts)).pieces));

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
const length = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: -2, max: 2 })).map(([n, by]) => n * chunkBytes + by),
  fc.integer({ min: 0, max: 250_000 }),
);

/** The chunks of an encrypted stream. */
function chunksOf(sealed: Uint8Array): Uint8Array[] {
  const count = Math.ceil(sealed.length / sealedChunkBytes);
  return Array.from({ length: count }, (_, n) => sealed.subarray(n * sealedChunkBytes, (n + 1) * sealedChunkBytes));
}

describe('encryption in chunks', () => {
  it.each(names.flatMap((one) => names.map((other) => [one, other] as const)))(
    'any bytes, in any pieces, come back the same: written with %s, read with %s',
    async (one, other) => {
      await fc.assert(
        fc.asyncProperty(length, cuts, cuts, async (size, there, back) => {
          const bytes = pattern(size);
          const sealed = await seal(bytes, there, worlds[one]);
          expect(sealed.length).toBe(sealedBytes(size));
          expect((await open(sealed, back, worlds[other])).equals(bytes)).toBe(true);
        }),
        { numRuns: 25 },
      );
    },
  );

  it('both write the same', async () => {
    const bytes = pattern(200_000);
    expect((await seal(bytes, [], worlds.web)).equals(await seal(bytes, [0.3], worlds.node))).toBe(true);
  });

  it.each(names)('a flipped bit anywhere is refused (%s)', async (name) => {
    await fc.assert(
      fc.asyncProperty(
        length,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat(7),
        async (size, at, bit) => {
          const sealed = await seal(pattern(size));
          const place = Math.floor(at * sealed.length);
          sealed[place]! ^= 1 << bit;
          await expect(open(sealed, [], worlds[name])).rejects.toMatchObject({ kind: 'damaged' });
        },
      ),
      { numRuns: 30 },
    );
  });

  it('chunks that are dropped, doubled, swapped or moved between images of other keys are refused, and so are cut and prolonged ones', async () => {
    const size = fc.oneof(
      fc.integer({ min: 1, max: 4 }).map((n) => n * chunkBytes),
      fc.integer({ min: 1, max: 270_000 }),
    );
    await fc.assert(
      fc.asyncProperty(size, fc.nat(), fc.nat(), fc.nat(), async (bytes, first, second, cut) => {
        const sealed = await seal(pattern(bytes));
        const chunks = chunksOf(sealed);
        const [i, j] = [first % chunks.length, second % chunks.length];
        const swapped = chunks.with(i, chunks[j]!).with(j, chunks[i]!);
        const other = chunksOf(
          await allBytes(sealChunks(worlds.node!.aead(pattern(32, 6)), streamOf([pattern(bytes)]).pieces)),
        );
        const spoilt = [
          chunks.toSpliced(i, 1),
          chunks.toSpliced(i, 0, chunks[i]!),
          ...(i === j ? [] : [swapped]),
          chunks.with(i, other[i]!),
          [sealed.subarray(0, cut % sealed.length)],
          [sealed, pattern(1 + (cut % 200))],
          [...chunks, ...chunks],
        ];
        for (const pieces of spoilt) {
          await expect(open(Buffer.concat(pieces))).rejects.toMatchObject({ kind: 'damaged' });
        }
      }),
      { numRuns: 20 },
    );
  });

  it('gives out what is genuine before it has read the rest, and holds two chunks', async () => {
    const sealed = await seal(pattern(10 * chunkBytes));
    const stream = streamOf(chunksOf(sealed));
    const opened = openChunks(worlds.node!.aead(key), stream.pieces);
    await opened.next();
    expect(stream.asked).toBeLessThanOrEqual(3);
    await opened.return();
  });
});
