import { describe, expect, it } from 'vitest';
import { createImageMaker } from '../../../src/sim/users/image-bytes.ts';
import { imagePayload, readImagePayload } from '../../../src/sim/users/image-payload.ts';
import { createPayloadMaker, readPayload } from '../../../src/sim/users/payload.ts';
import { createSeededRandom, type ImageReference, inspectImage } from '../../../src/system/index.ts';
import { allBytes } from '../../helpers/byte-streams.ts';

const reference = {
  blob: 'a'.repeat(32),
  key: Buffer.alloc(32, 1).toString('base64url'),
  bytes: 1000,
  sha256: Buffer.alloc(32, 2).toString('base64url'),
  type: 'image/png',
} as ImageReference;

describe('a message with an image', () => {
  it('carries what opens it, as base64url', () => {
    const payload = imagePayload({ image: 7, reference });
    expect(payload).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(readImagePayload(payload)).toEqual({ image: 7, reference });
  });

  it('is told from a modelled payload, and the other way round', () => {
    const modelled = createPayloadMaker('abc123', createSeededRandom(1)).make(
      { index: 1, intendedMs: 10, actualMs: 11 },
      300,
    );
    expect(readImagePayload(modelled)).toBeNull();
    expect(readPayload(imagePayload({ image: 7, reference }))).toBeNull();
  });
});

describe('an image of the laboratory', () => {
  const maker = createImageMaker(createSeededRandom(1));

  it.each([64, 1000, 65_569, 200_000])('of %i bytes is a PNG image of so many bytes', async (bytes) => {
    const made = await allBytes(maker.pieces(3, bytes));
    expect(made.length).toBe(bytes);
    expect(inspectImage(made)).toEqual({ type: 'image/png', width: 1024, height: 1024 });
  });

  it('is the same again, and another than all others', async () => {
    const image = (index: number) => allBytes(maker.pieces(index, 500));
    expect(await image(3)).toEqual(await image(3));
    expect(await image(3)).not.toEqual(await image(4));
  });
});
