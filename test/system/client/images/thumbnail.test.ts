import { describe, expect, it } from 'vitest';
import { createCanvasThumbnails } from '../../../../src/system/adapters/canvas-thumbnail.ts';
import { createNodeCiphers } from '../../../../src/system/adapters/node-ciphers.ts';
import { inspectImage } from '../../../../src/system/client/images/inspect.ts';
import { imageReference } from '../../../../src/system/client/images/reference.ts';
import { isThumbnail, type MakeThumbnail } from '../../../../src/system/client/images/thumbnail.ts';
import { uploadImage } from '../../../../src/system/client/images/upload.ts';
import type { Transport } from '../../../../src/system/ports.ts';
import type { ConversationId } from '../../../../src/system/protocol/ids.ts';
import { createSeededRandom } from '../../../../src/system/seeded-random.ts';
import { allBytes } from '../../../helpers/byte-streams.ts';
import { drawn, pngOf } from '../../../helpers/images.ts';

const blobOf = (bytes: Uint8Array) => new Blob([bytes as Uint8Array<ArrayBuffer>]);
const make = createCanvasThumbnails();

/** Takes every upload. */
const willing: Transport = {
  request: async ({ bytes }) => {
    const { length } = await allBytes(bytes);
    return { status: 201, body: JSON.stringify({ blob: 'A'.repeat(32), bytes: length }) };
  },
  open: () => {
    throw new Error('Images need no socket.');
  },
};

function upload(bytes: Uint8Array, makeThumbnail: MakeThumbnail) {
  const world = {
    transport: willing,
    random: createSeededRandom(1),
    ciphers: createNodeCiphers(),
    token: 't',
    makeThumbnail,
  };
  return uploadImage(world, blobOf(bytes), { conversation: 1 as ConversationId });
}

describe('a thumbnail', () => {
  it.each(['png', 'jpeg', 'gif', 'webp', 'avif'] as const)(
    'of a %s is a small JPEG of the same shape',
    async (kind) => {
      const image = await drawn(kind, { width: 800, height: 400 });
      const thumbnail = await make(blobOf(image), inspectImage(image));
      expect(thumbnail).toMatchObject({ type: 'image/jpeg', width: 256, height: 128 });
      expect(isThumbnail(thumbnail!)).toBe(true);
      expect(thumbnail!.bytes.length).toBeLessThanOrEqual(20 * 1024);
    },
  );

  it('of a small image is no larger than that, and of a thin one not empty', async () => {
    const sizes = [
      { width: 20, height: 10 },
      { width: 3000, height: 2 },
    ];
    const made = [];
    for (const size of sizes) {
      const image = await drawn('png', size);
      made.push(await make(blobOf(image), inspectImage(image)));
    }
    expect(made).toMatchObject([
      { width: 20, height: 10 },
      { width: 256, height: 1 },
    ]);
  });

  it('is not made of an image that is too large to decode for it', async () => {
    const small = createCanvasThumbnails({ pixelsMax: 100 });
    const image = await drawn('png', { width: 11, height: 10 });
    expect(await small(blobOf(image), inspectImage(image))).toBeNull();
  });

  it('travels in the reference, and an image of which none can be made goes without', async () => {
    const image = await drawn('jpeg', { width: 600, height: 600 });
    const reference = await upload(image, make);
    expect(reference.thumbnail).toMatchObject({ type: 'image/jpeg', width: 256, height: 256 });
    expect(imageReference.parse(reference)).toEqual(reference);
    expect((await upload(pngOf(500), make)).thumbnail).toBeUndefined();
    const huge: MakeThumbnail = async () => ({ type: 'image/jpeg', bytes: image, width: 600, height: 600 });
    expect((await upload(image, huge)).thumbnail).toBeUndefined();
  });

  it('of a stranger is believed only as far as its bytes go: no bomb, no page, no lie', async () => {
    const image = await drawn('jpeg', { width: 300, height: 300 });
    const reference = await upload(image, make);
    const { thumbnail } = reference;
    const refused = [
      { ...thumbnail!, width: 255 },
      { ...thumbnail!, type: 'image/png' },
      { ...thumbnail!, type: 'image/svg+xml' },
      { ...thumbnail!, data: toText(Buffer.from('<svg onload="alert(1)"/>')) },
      {
        ...thumbnail!,
        type: 'image/png',
        data: toText(pngOf(200, { width: 16_000, height: 4000 })),
        width: 256,
        height: 256,
      },
      {
        ...thumbnail!,
        type: 'image/png',
        data: toText(pngOf(30_000, { width: 256, height: 256 })),
        width: 256,
        height: 256,
      },
      { ...thumbnail!, data: `${thumbnail!.data}=` },
    ];
    expect(imageReference.safeParse(reference).success).toBe(true);
    for (const each of refused) expect(imageReference.safeParse({ ...reference, thumbnail: each }).success).toBe(false);
  });
});

describe('a reference', () => {
  it.each([
    { blob: '../../etc/passwd' },
    { key: 'short' },
    { sha256: '!'.repeat(43) },
    { bytes: 0 },
    { bytes: 30_000_000 },
    { type: 'text/html' },
    { width: 100_000 },
    { more: 1 },
  ])('with %j is refused', async (change) => {
    const reference = await upload(pngOf(500), async () => null);
    expect(imageReference.safeParse(reference).success).toBe(true);
    expect(imageReference.safeParse({ ...reference, ...change }).success).toBe(false);
  });
});

// ---

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
