import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BlobStore } from '../../../src/system/database/blob-store.ts';
import { type Store, StoreFailure } from '../../../src/system/database/store.ts';
import type { ByteStream, HttpResponse } from '../../../src/system/ports.ts';
import type { BlobId, ConversationId } from '../../../src/system/protocol/ids.ts';
import { limits } from '../../../src/system/protocol/limits.ts';
import { allBytes, cutAt, pattern, streamOf } from '../../helpers/byte-streams.ts';
import { type Account, createChatRig, type FrameClient, type RigOptions } from '../../helpers/chat-rig.ts';

const mebibyte = 1024 * 1024;

/** Ada and Bob in a group of Ada's, and Eve who is not in it. */
async function createAlbum(options: RigOptions = {}) {
  const rig = await createChatRig(options);
  const [ada, bob, eve] = [await rig.online('ada'), await rig.online('bob'), await rig.online('eve')];
  ada.send({ type: 'createGroup', clientId: 1, title: 'album' });
  await rig.clock.advance(50);
  const conversation = conversationOf(ada);
  ada.send({ type: 'invite', clientId: 2, conversation, users: ['bob'] });
  await rig.clock.advance(50);

  const server = rig.servers[0]!;
  const upload = (
    by: Account | null,
    bytes: ByteStream,
    query: Record<string, string> = { conversation: `${conversation}` },
  ) =>
    server.http({
      method: 'POST',
      path: '/v1/blobs',
      query,
      body: '',
      bytes,
      remote: '10.0.0.9',
      ...(by && { token: by.token }),
    });
  const download = (by: Account | null, blob: string) =>
    server.http({
      method: 'GET',
      path: `/v1/blobs/${blob}`,
      body: '',
      remote: '10.0.0.9',
      ...(by && { token: by.token }),
    });
  const stored = async (bytes: Uint8Array) => read(await upload(ada.account, streamOf([bytes]))).blob as string;
  return { rig, ada, bob, eve, conversation, server, upload, download, stored };
}

function conversationOf(client: FrameClient): ConversationId {
  const answer = client.answer(1);
  if (answer?.type !== 'accepted') throw new Error('no group');
  return answer.conversation;
}

function read(answer: HttpResponse) {
  return { status: answer.status, ...JSON.parse(answer.body || '{}') };
}

/** How many blobs there are, finished or not; takes them all away. */
function countAndClear(store: Store): Promise<number> {
  return store.blobs.expire({ finishedBefore: 1e15, begunBefore: 1e15, limit: 1e6 });
}

/** Stands before the blobs of the store. */
function wrapBlobs(change: (blobs: BlobStore) => Partial<BlobStore>): Pick<RigOptions, 'wrap'> {
  return { wrap: (store) => ({ ...store, blobs: { ...store.blobs, ...change(store.blobs) } }) };
}

describe('a blob over HTTP', () => {
  it('comes back the same to every member, whatever its size and pieces, with its length and digest', async () => {
    const { ada, bob, upload, download } = await createAlbum();
    const size = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(131_071, 131_072, 131_073, 400_000));
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(size, cuts, fc.boolean(), async (length, at, told) => {
        const bytes = pattern(length);
        const made = read(await upload(ada.account, streamOf(cutAt(bytes, at), told)));
        expect(made).toEqual({ status: 201, blob: expect.stringMatching(/^[\w-]{32}$/), bytes: length });
        const answer = await download(bob.account, made.blob);
        expect(answer.headers).toMatchObject({
          'content-length': String(length),
          'content-type': 'application/octet-stream',
          'repr-digest': `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`,
        });
        expect((await allBytes(answer.bytes)).equals(bytes)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('of the largest size fits, and one byte more is refused, told beforehand or not, and leaves nothing', async () => {
    const { rig, ada, upload } = await createAlbum();
    const full = Array.from({ length: 25 }, () => pattern(mebibyte));
    expect(await upload(ada.account, streamOf(full, false))).toMatchObject({ status: 201 });
    expect(await countAndClear(rig.store)).toBe(1);
    for (const told of [true, false]) {
      const stream = streamOf([...full, Uint8Array.of(1), ...full], told);
      expect(read(await upload(ada.account, stream))).toMatchObject({ status: 413, code: 'tooLarge', definite: true });
      // As soon as it is known: nothing of it is read, or nothing more.
      expect(stream.asked).toBe(told ? 0 : 26);
    }
    expect(await countAndClear(rig.store)).toBe(0);
  });

  it('without a byte is refused', async () => {
    const { rig, ada, upload } = await createAlbum();
    expect(read(await upload(ada.account, streamOf([])))).toMatchObject({ status: 400, code: 'malformed' });
    expect(await countAndClear(rig.store)).toBe(0);
  });
});

describe('a blob is for members only', () => {
  it('a stranger, and one without a token, stores nothing and gets nothing, not even whether it exists', async () => {
    const { rig, eve, upload, download, stored } = await createAlbum();
    const blob = await stored(pattern(9));
    expect(read(await upload(eve.account, streamOf([pattern(9)])))).toMatchObject({ status: 403, code: 'notMember' });
    expect(read(await upload(null, streamOf([pattern(9)])))).toMatchObject({ status: 401 });
    const refused = read(await download(eve.account, blob));
    expect(refused).toMatchObject({ status: 404, code: 'unknownPath' });
    expect(read(await download(eve.account, 'A'.repeat(32)))).toEqual(refused);
    expect(read(await download(null, blob))).toMatchObject({ status: 401 });
    expect(await countAndClear(rig.store)).toBe(1);
  });

  it('who is removed gets nothing from then on, be it in the middle', async () => {
    const { rig, ada, bob, conversation, download, stored } = await createAlbum();
    const blob = await stored(pattern(300_000));
    const { bytes } = await download(bob.account, blob);
    const reading = bytes!.pieces[Symbol.asyncIterator]();
    expect((await reading.next()).done).toBe(false);
    ada.send({ type: 'remove', clientId: 3, conversation, users: ['bob'] });
    await rig.clock.advance(50);
    await expect(reading.next()).rejects.toThrow('no member');
    expect(await download(bob.account, blob)).toMatchObject({ status: 404 });
    expect(await allBytes((await download(ada.account, blob)).bytes)).toHaveLength(300_000);
  });

  it('who is removed while uploading is told so, and nothing is left', async () => {
    const { rig, ada, bob, conversation, upload } = await createAlbum();
    const pieces = (async function* () {
      yield pattern(200_000);
      ada.send({ type: 'remove', clientId: 3, conversation, users: ['bob'] });
      await rig.clock.advance(50);
      yield pattern(10);
    })();
    const answer = await upload(bob.account, { length: null, pieces });
    expect(read(answer)).toMatchObject({ status: 403, code: 'notMember' });
    expect(await countAndClear(rig.store)).toBe(0);
  });

  it.each([
    '..',
    '../users/ada',
    '%2e%2e%2fusers',
    `${'A'.repeat(31)}%00`,
    `${'A'.repeat(31)}\u0000`,
    'A'.repeat(31),
    'A'.repeat(33),
    'A'.repeat(100_000),
    `${'A'.repeat(31)}=`,
    `${'A'.repeat(31)}/`,
    '',
    '%',
  ])('the id %j is an unknown path', async (id) => {
    const { rig, ada, download } = await createAlbum();
    expect(read(await download(ada.account, id))).toMatchObject({ status: 404, code: 'unknownPath' });
    expect(rig.errors).toEqual([]);
  });

  it.each([
    {},
    { conversation: '' },
    { conversation: '0' },
    { conversation: '1e3' },
    { conversation: '-1' },
    { conversation: '9'.repeat(40) },
    { conversation: '1', more: '1' },
  ])('the query %j is malformed', async (query) => {
    const { ada, upload } = await createAlbum();
    const answer = await upload(ada.account, streamOf([pattern(9)]), query as Record<string, string>);
    expect(read(answer)).toMatchObject({ status: 400, code: 'malformed' });
  });
});

describe('an upload that does not end well', () => {
  it('leaves nothing when the sender is gone, ends early or is cut off', async () => {
    const { rig, ada, upload } = await createAlbum();
    const pieces = (async function* () {
      yield pattern(300_000);
      throw new Error('the connection was lost');
    })();
    const answer = read(await upload(ada.account, { length: 400_000, pieces }));
    expect(answer).toMatchObject({ status: 400, code: 'malformed', definite: true });
    expect(answer.detail).toContain('the connection was lost');
    expect(await countAndClear(rig.store)).toBe(0);
  });

  it('leaves nothing after the expiry has run, when the server died in the middle', async () => {
    let chunks = 0;
    let blob = '' as BlobId;
    const died = Promise.withResolvers<void>();
    // The call that a killed server was making: neither it nor any later one is heard of.
    const never = () => new Promise<never>(() => died.resolve());
    const dying = wrapBlobs((blobs) => ({
      begin: (upload) => {
        blob = upload.blob;
        return blobs.begin(upload);
      },
      append: (chunk) => (++chunks <= 2 ? blobs.append(chunk) : never()),
      abandon: never,
    }));
    const settings = { expiryEveryMs: 60_000, blobUnfinishedMs: 600_000 };
    const { rig, ada, upload } = await createAlbum({ ...dying, settings });
    void upload(ada.account, streamOf([pattern(mebibyte)]));
    await died.promise;
    const isThere = () => rig.store.blobs.append({ blob, place: 9, data: pattern(1) });
    await rig.clock.advance(300_000);
    // It might still be under way.
    expect(await isThere()).toBe(true);
    await rig.clock.advance(400_000);
    expect(await isThere()).toBe(false);
    expect(await countAndClear(rig.store)).toBe(0);
  });

  it.each([
    ['nothing was written', true],
    ['nobody knows', false],
  ])('because the store fails (%s) certainly did not happen', async (_, definite) => {
    const failing = wrapBlobs(() => ({ append: () => Promise.reject(new StoreFailure('no', { definite })) }));
    const { rig, ada, upload } = await createAlbum(failing);
    expect(read(await upload(ada.account, streamOf([pattern(9)])))).toMatchObject({
      status: 503,
      code: 'databaseDown',
    });
    expect(await countAndClear(rig.store)).toBe(0);
  });

  it('is uncertain only when the last step is', async () => {
    const failing = wrapBlobs(() => ({ finish: () => Promise.reject(new StoreFailure('no', { definite: false })) }));
    const { ada, upload } = await createAlbum(failing);
    expect(read(await upload(ada.account, streamOf([pattern(9)])))).toMatchObject({ status: 500, code: 'uncertain' });
  });

  it('is cut off by a drain in the end, and leaves nothing', async () => {
    const { rig, ada, server, upload } = await createAlbum({ settings: { drainMs: 1000 } });
    const answer = upload(ada.account, { length: null, pieces: stalled() });
    await rig.clock.advance(0);
    const drained = server.drain();
    await rig.clock.advance(1100);
    await drained;
    expect(read(await answer).detail).toContain('the server is draining');
    expect(await countAndClear(rig.store)).toBe(0);
  });
});

describe('limits of blobs', () => {
  it('so many uploads at once for a user and for a server; more wait for as long as Retry-After says', async () => {
    const { rig, ada, bob, upload } = await createAlbum({ settings: { blobUploadsMax: 3, blobUploadsPerUserMax: 2 } });
    const gates = [gate(), gate(), gate()];
    const under = gates.map(({ pieces }, index) =>
      upload(index < 2 ? ada.account : bob.account, { length: null, pieces }),
    );
    await rig.clock.advance(0);
    const third = await upload(ada.account, streamOf([pattern(9)]));
    expect(read(third)).toMatchObject({ status: 429, code: 'tooMany', retryAfterMs: 2000 });
    expect(third.headers).toEqual({ 'retry-after': '2' });
    expect(read(await upload(bob.account, streamOf([pattern(9)])))).toMatchObject({ status: 503, code: 'busy' });
    for (const { open } of gates) open();
    expect((await Promise.all(under)).map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(await upload(ada.account, streamOf([pattern(9)]))).toMatchObject({ status: 201 });
  });

  it('so many downloads at once, and one that is let go of makes room', async () => {
    const { ada, bob, stored, download } = await createAlbum({
      settings: { blobDownloadsMax: 3, blobDownloadsPerUserMax: 2 },
    });
    const blob = await stored(pattern(300_000));
    const reading = [];
    for (const { account } of [ada, ada, bob]) {
      const iterator = (await download(account, blob)).bytes!.pieces[Symbol.asyncIterator]();
      await iterator.next();
      reading.push(iterator);
    }
    expect(read(await download(ada.account, blob))).toMatchObject({ status: 429, code: 'tooMany' });
    expect(read(await download(bob.account, blob))).toMatchObject({ status: 503, code: 'busy' });
    // Who asks for what there is not holds no place.
    await reading[0]!.return!();
    for (let n = 0; n < 5; n++) expect((await download(ada.account, 'A'.repeat(32))).status).toBe(404);
    expect(await allBytes((await download(ada.account, blob)).bytes)).toHaveLength(300_000);
    expect(await allBytes((await download(ada.account, blob)).bytes)).toHaveLength(300_000);
  });

  it('so many bytes in a day; what was reserved and not used is given back', async () => {
    const { rig, ada, bob, upload } = await createAlbum({ settings: { blobBytesPerUserPerDay: limits.blobBytesMax } });
    expect(await upload(ada.account, streamOf([pattern(20 * mebibyte)], false))).toMatchObject({ status: 201 });
    const refused = read(await upload(ada.account, streamOf([pattern(6 * mebibyte)])));
    expect(refused).toMatchObject({ status: 429, code: 'tooMany' });
    expect(refused.retryAfterMs).toBeGreaterThan(0.03 * 86_400_000);
    expect(await upload(bob.account, streamOf([pattern(6 * mebibyte)]))).toMatchObject({ status: 201 });
    await rig.clock.advance(refused.retryAfterMs);
    expect(await upload(ada.account, streamOf([pattern(6 * mebibyte)]))).toMatchObject({ status: 201 });
  });

  it('a blob is deleted when messages of its time are', async () => {
    const { rig, ada, download, stored } = await createAlbum({
      settings: { expiryMs: 100_000, expiryEveryMs: 10_000 },
    });
    const old = await stored(pattern(9));
    await rig.clock.advance(90_000);
    const young = await stored(pattern(9));
    expect((await download(ada.account, old)).status).toBe(200);
    await rig.clock.advance(30_000);
    expect((await download(ada.account, old)).status).toBe(404);
    expect((await download(ada.account, young)).status).toBe(200);
  });
});

// ---

/** A stream that never ends. */
async function* stalled(): AsyncGenerator<Uint8Array, void, void> {
  yield pattern(200_000);
  await new Promise(() => {});
}

/** A stream that ends when it is told to. */
function gate() {
  const opened = Promise.withResolvers<void>();
  const pieces = (async function* () {
    yield pattern(10);
    await opened.promise;
  })();
  return { pieces, open: opened.resolve };
}
