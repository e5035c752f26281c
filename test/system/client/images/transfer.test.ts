import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNodeCiphers } from '../../../../src/system/adapters/node-ciphers.ts';
import { createWebCiphers } from '../../../../src/system/adapters/web-ciphers.ts';
import { chunkBytes, sealedBytes } from '../../../../src/system/client/images/chunk-cipher.ts';
import { downloadImage } from '../../../../src/system/client/images/download.ts';
import { ImageFailure } from '../../../../src/system/client/images/failure.ts';
import { imageLimits } from '../../../../src/system/client/images/limits.ts';
import type { ImageProgress } from '../../../../src/system/client/images/progress.ts';
import { type ImageReference, imageReference } from '../../../../src/system/client/images/reference.ts';
import type { ImageSource } from '../../../../src/system/client/images/source.ts';
import { type ImageWorld, uploadImage } from '../../../../src/system/client/images/upload.ts';
import type { ByteStream } from '../../../../src/system/ports.ts';
import type { ConversationId } from '../../../../src/system/protocol/ids.ts';
import { limits } from '../../../../src/system/protocol/limits.ts';
import { createSeededRandom } from '../../../../src/system/seeded-random.ts';
import { allBytes, cutAt, streamOf } from '../../../helpers/byte-streams.ts';
import { createChatRig, type RigOptions } from '../../../helpers/chat-rig.ts';
import { type DirectOptions, directTransport, pngOf } from '../../../helpers/images.ts';

const ciphers = createNodeCiphers();
const random = createSeededRandom(7);

async function createAlbum(options: RigOptions = {}, ways: DirectOptions = {}) {
  const rig = await createChatRig(options);
  const [ada, bob, eve] = [await rig.signIn('ada'), await rig.signIn('bob'), await rig.signIn('eve')];
  const client = rig.connect(ada);
  await rig.clock.advance(0);
  client.send({ type: 'openDirect', clientId: 1, with: 'bob' });
  await rig.clock.advance(50);
  const answer = client.answer(1);
  if (answer?.type !== 'accepted') throw new Error('no conversation');
  const { conversation } = answer;
  const world = ({ token }: { token: string }): ImageWorld => ({
    transport: directTransport(rig.servers[0]!, ways),
    random,
    ciphers,
    token,
  });
  const rows = () => rig.store.blobs.expire({ finishedBefore: 1e15, begunBefore: 1e15, limit: 1e6 });
  const upload = (source: ImageSource) => uploadImage(world(ada), source, { conversation });
  return { rig, ada, bob, eve, conversation, world, rows, upload };
}

const pieces = (bytes: Uint8Array, cuts: readonly number[] = []) => streamOf(cutAt(bytes, cuts)).pieces;
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });

describe('an image', () => {
  it('of any size, in any pieces, comes back the same to the other one, and the reference says what it is', async () => {
    const { ada, bob, conversation, world } = await createAlbum();
    const size = fc.oneof(
      fc.integer({ min: 24, max: 300 }),
      fc.constantFrom(chunkBytes - 1, chunkBytes, chunkBytes + 1, 2 * chunkBytes),
      fc.integer({ min: 24, max: 1_500_000 }),
    );
    const web = createWebCiphers();
    await fc.assert(
      fc.asyncProperty(size, cuts, fc.boolean(), fc.boolean(), async (length, at, asBlob, fromWeb) => {
        const bytes = pngOf(length, { width: 40, height: 30 });
        const source = asBlob ? new Blob(cutAt(bytes, at) as Uint8Array<ArrayBuffer>[]) : pieces(bytes, at);
        const from = { ...world(ada), ciphers: fromWeb ? web : ciphers };
        const reference = await uploadImage(from, source, { conversation });
        expect(imageReference.parse(JSON.parse(JSON.stringify(reference)))).toEqual(reference);
        expect(reference).toMatchObject({ bytes: length, type: 'image/png', width: 40, height: 30 });
        const to = { ...world(bob), ciphers: fromWeb ? ciphers : web };
        const image = await downloadImage(to, reference);
        expect(image).toMatchObject({ bytes: length, type: 'image/png', width: 40, height: 30 });
        expect((await allBytes(image.pieces)).equals(bytes)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it('of the largest size fits into a blob, and one byte more is refused before or as soon as it is met', async () => {
    const { upload, rows } = await createAlbum();
    expect(sealedBytes(imageLimits.bytesMax)).toBeLessThanOrEqual(limits.blobBytesMax);
    expect(sealedBytes(imageLimits.bytesMax + 1)).toBeGreaterThan(limits.blobBytesMax);
    const bytes = pngOf(imageLimits.bytesMax + 1);
    expect(await upload(pieces(bytes.subarray(0, -1)))).toMatchObject({ bytes: imageLimits.bytesMax });
    expect(await rows()).toBe(1);
    for (const source of [new Blob([bytes as Uint8Array<ArrayBuffer>]), pieces(bytes, [0.1, 0.5])]) {
      await expect(upload(source)).rejects.toMatchObject({ kind: 'tooLarge' });
    }
    expect(await rows()).toBe(0);
  });

  it('tells how far it has come, in both directions, for each piece', async () => {
    const { ada, bob, conversation, world } = await createAlbum();
    const bytes = pngOf(2_000_000);
    const [up, down]: ImageProgress[][] = [[], []];
    const source = new Blob([bytes as Uint8Array<ArrayBuffer>]);
    const onProgress = (progress: ImageProgress) => void up!.push(progress);
    const reference = await uploadImage(world(ada), source, { conversation, onProgress });
    const image = await downloadImage(world(bob), reference, { onProgress: (progress) => void down!.push(progress) });
    await allBytes(image.pieces);
    for (const told of [up!, down!]) {
      expect(told.length).toBeGreaterThan(20);
      expect(told.at(-1)).toEqual({ bytes: 2_000_000, total: 2_000_000 });
      expect(told.map(({ bytes: done }) => done)).toEqual(told.map(({ bytes: done }) => done).sort((a, b) => a - b));
    }
  });

  it('the server sees nothing of it: no byte of the blob is one of the image, and equal images differ', async () => {
    const seen: Uint8Array[] = [];
    const spy = (bytes: ByteStream): ByteStream => ({
      ...bytes,
      pieces: (async function* () {
        for await (const piece of bytes.pieces) {
          seen.push(piece.slice());
          yield piece;
        }
      })(),
    });
    const { upload } = await createAlbum({}, { up: spy });
    const bytes = pngOf(10_000);
    const one = await upload(pieces(bytes));
    const first = Buffer.concat(seen.splice(0));
    const other = await upload(pieces(bytes));
    expect(first.includes('PNG') || first.includes(Buffer.from(bytes.subarray(100, 108)))).toBe(false);
    expect(first.equals(Buffer.concat(seen))).toBe(false);
    expect(one.key).not.toBe(other.key);
  });
});

describe('what is no image', () => {
  it.each([
    ['a page', '<html><script>alert(1)</script></html>', 'unsupported'],
    ['a drawing', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'unsupported'],
    ['nothing', '', 'unsupported'],
  ])('%s is not sent', async (_, text, kind) => {
    const { upload, rows } = await createAlbum();
    await expect(upload(new Blob([text], { type: 'image/png' }))).rejects.toMatchObject({ kind });
    expect(await rows()).toBe(0);
  });

  it('an image of too many pixels is not sent, nor shown when somebody else sent it', async () => {
    const bomb = pngOf(1000, { width: 60_000, height: 60_000 });
    const { upload } = await createAlbum();
    await expect(upload(pieces(bomb))).rejects.toMatchObject({ kind: 'tooLarge' });
    const { reference, ways } = await forged(bomb);
    const album = await createAlbum({}, ways);
    const there = await album.upload(pieces(pngOf(1000)));
    await expect(downloadImage(album.world(album.bob), { ...reference, blob: there.blob })).rejects.toMatchObject({
      kind: 'tooLarge',
    });
  });

  it('a sender’s word about type and size counts for nothing', async () => {
    const { bob, upload, world } = await createAlbum();
    const reference = await upload(pieces(pngOf(1000)));
    const lies: Partial<ImageReference>[] = [{ type: 'image/gif' }, { width: 4 }, { height: 1 }];
    for (const lie of lies) {
      await expect(downloadImage(world(bob), { ...reference, ...lie })).rejects.toMatchObject({ kind: 'damaged' });
    }
    expect(await downloadImage(world(bob), without(reference))).toMatchObject({ width: 3, height: 2 });
  });

  /** A reference and the way of bytes that a sender with another client could make of anything. */
  async function forged(plain: Uint8Array): Promise<{ reference: ImageReference; ways: DirectOptions }> {
    const { sealChunks } = await import('../../../../src/system/client/images/chunk-cipher.ts');
    const key = random.bytes(32);
    const sealed = await allBytes(sealChunks(ciphers.aead(key), pieces(plain)));
    const sha256 = ciphers.startSha256();
    sha256.update(sealed);
    const reference = {
      blob: 'A'.repeat(32) as ImageReference['blob'],
      key: Buffer.from(key).toString('base64url'),
      bytes: plain.length,
      sha256: Buffer.from(sha256.digest()).toString('base64url'),
      type: 'image/png' as const,
    };
    return { reference, ways: { down: () => streamOf([sealed]) } };
  }
});

function without({ width: _, height: __, ...rest }: ImageReference): ImageReference {
  return rest;
}

describe('an image that was changed on its way', () => {
  it.each<[string, (sealed: Buffer) => Uint8Array]>([
    ['one bit flipped', (sealed) => spoilt(sealed, 70_000)],
    ['one bit of the last byte flipped', (sealed) => spoilt(sealed, sealed.length - 1)],
    ['cut off at the end of a chunk', (sealed) => sealed.subarray(0, chunkBytes + 16)],
    ['with a byte behind', (sealed) => Buffer.concat([sealed, Buffer.from('x')])],
    ['another image in its place', (sealed) => Buffer.from(sealed).reverse()],
    ['empty', () => new Uint8Array(0)],
  ])('%s: is refused, and told apart from an interruption', async (_, change) => {
    for (const told of [true, false]) {
      const down = (bytes: ByteStream): ByteStream => {
        const changed = async function* () {
          yield change(await allBytes(bytes));
        };
        return { length: told ? bytes.length : null, pieces: changed() };
      };
      const { bob, upload, world } = await createAlbum({}, { down });
      const reference = await upload(pieces(pngOf(200_000)));
      const fetched = downloadImage(world(bob), reference).then(({ pieces: all }) => allBytes(all));
      await expect(fetched).rejects.toMatchObject({ name: 'ImageFailure', kind: 'damaged' });
    }
  });

  it('so that it decrypts and yet is another: the digest in the message does not fit', async () => {
    const { bob, upload, world } = await createAlbum();
    const reference = await upload(pieces(pngOf(200_000)));
    const sha256 = Buffer.alloc(32, 1).toString('base64url');
    const image = downloadImage(world(bob), { ...reference, sha256 });
    await expect(image.then(({ pieces: all }) => allBytes(all))).rejects.toMatchObject({ kind: 'damaged' });
  });
});

describe('who may not', () => {
  it('a non-member gets nothing although they know the reference, and can store nothing', async () => {
    const { eve, conversation, upload, world, rows } = await createAlbum();
    const reference = await upload(pieces(pngOf(1000)));
    const fetched = downloadImage(world(eve), reference);
    await expect(fetched).rejects.toMatchObject({ kind: 'refused', code: 'unknownPath' });
    const sent = uploadImage(world(eve), pieces(pngOf(1000)), { conversation });
    await expect(sent).rejects.toMatchObject({ kind: 'refused', code: 'notMember' });
    expect(await rows()).toBe(1);
  });

  it('too many at once are told when to come again', async () => {
    const { ada, conversation, world } = await createAlbum({ settings: { blobUploadsPerUserMax: 1 } });
    const opened = Promise.withResolvers<void>();
    const slow = (async function* () {
      yield pngOf(2 ** 21);
      await opened.promise;
    })();
    const first = uploadImage(world(ada), slow, { conversation });
    await new Promise((resolve) => setImmediate(resolve));
    const second = uploadImage(world(ada), pieces(pngOf(1000)), { conversation });
    await expect(second).rejects.toMatchObject({ kind: 'refused', code: 'tooMany', retryAfterMs: 2000 });
    opened.resolve();
    expect((await first).bytes).toBe(2 ** 21);
  });
});

describe('an image that is not finished', () => {
  it('is cancelled while it is sent: told so, and no row is left', async () => {
    const { rig, ada, conversation, world, rows } = await createAlbum();
    for (const after of [0, 1, 2, 20]) {
      const cancel = new AbortController();
      let count = 0;
      const onProgress = () => void (++count === after && cancel.abort());
      if (after === 0) cancel.abort();
      const source = new Blob([pngOf(3_000_000) as Uint8Array<ArrayBuffer>]);
      const sent = uploadImage(world(ada), source, { conversation, onProgress, signal: cancel.signal });
      await expect(sent).rejects.toMatchObject({ kind: 'cancelled' });
      await rig.clock.advance(0);
      expect(await rows()).toBe(0);
    }
  });

  it('is cancelled also while its source says nothing', async () => {
    const { rig, ada, conversation, world, rows } = await createAlbum();
    const cancel = new AbortController();
    const hanging = (async function* () {
      yield pngOf(2 ** 21);
      cancel.abort();
      await new Promise(() => {});
    })();
    const sent = uploadImage(world(ada), hanging, { conversation, signal: cancel.signal });
    await expect(sent).rejects.toMatchObject({ kind: 'cancelled' });
    await rig.clock.advance(0);
    expect(await rows()).toBe(0);
  });

  it('is cancelled while it is fetched, and makes room for the next one', async () => {
    const { bob, upload, world } = await createAlbum({ settings: { blobDownloadsPerUserMax: 1 } });
    const reference = await upload(pieces(pngOf(3_000_000)));
    const cancel = new AbortController();
    const image = await downloadImage(world(bob), reference, { signal: cancel.signal });
    const iterator = image.pieces[Symbol.asyncIterator]();
    await iterator.next();
    cancel.abort();
    await expect(iterator.next()).rejects.toMatchObject({ kind: 'cancelled' });
    const second = await downloadImage(world(bob), reference);
    await second.pieces[Symbol.asyncIterator]().return!();
    const third = await downloadImage(world(bob), reference);
    expect(await allBytes(third.pieces)).toHaveLength(3_000_000);
  });

  it('because the connection broke is interrupted, says so, and can be tried again', async () => {
    let breaking = true;
    const fragile = (bytes: ByteStream): ByteStream => ({
      ...bytes,
      pieces: (async function* () {
        let count = 0;
        for await (const piece of bytes.pieces) {
          if (breaking && ++count > 3) throw new Error('socket hang up');
          yield piece;
        }
      })(),
    });
    const { rig, ada, bob, conversation, world, rows, upload } = await createAlbum({}, { down: fragile });
    const broken = (async function* () {
      yield pngOf(2 ** 21);
      throw new Error('the card was removed');
    })();
    const failure = await uploadImage(world(ada), broken, { conversation }).catch((error) => error);
    expect(failure).toBeInstanceOf(ImageFailure);
    expect(failure).toMatchObject({ kind: 'unreadable' });
    expect(failure.message).toContain('the card was removed');
    await rig.clock.advance(0);
    expect(await rows()).toBe(0);

    const reference = await upload(pieces(pngOf(3_000_000)));
    const fetched = () => downloadImage(world(bob), reference).then(({ pieces: all }) => allBytes(all));
    await expect(fetched()).rejects.toMatchObject({
      kind: 'interrupted',
      message: expect.stringContaining('try it again'),
    });
    breaking = false;
    expect(await fetched()).toHaveLength(3_000_000);
  });

  it('because the file became shorter tells of the file', async () => {
    const { ada, conversation, world, rows } = await createAlbum();
    const bytes = pngOf(1000);
    const shrunk = {
      size: 2000,
      stream: () => new Blob([bytes as Uint8Array<ArrayBuffer>]).stream(),
      arrayBuffer: async () => new ArrayBuffer(0),
    };
    const sent = uploadImage(world(ada), shrunk, { conversation: conversation as ConversationId });
    await expect(sent).rejects.toMatchObject({ kind: 'unreadable', message: expect.stringContaining('1000 of 2000') });
    expect(await rows()).toBe(0);
  });
});

// ---

function spoilt(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1;
  return copy;
}
