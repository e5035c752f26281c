import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BlobStore, BlobUpload } from '../../src/system/database/blob-store.ts';
import { type Connected, type Identity, StoreFailure } from '../../src/system/database/store.ts';
import type { BlobId, ConversationId } from '../../src/system/protocol/ids.ts';
import type { Bench } from './store-kit.ts';
import { conversationId, direct, done, group, invite, leave, oneTo, people, remove } from './store-kit.ts';

export function blobsContract(bench: Bench): void {
  describe('a blob', () => {
    it('comes back byte for byte, through any server, to every member', async () => {
      const { store, other } = bench;
      const [ada, bob] = await people(store, 'ada', 'bob');
      const conversation = await direct(store, ada, bob);
      const chunk = fc.uint8Array({ minLength: 1, maxLength: 5000 });
      await fc.assert(
        fc.asyncProperty(fc.array(chunk, { minLength: 1, maxLength: 5 }), async (chunks) => {
          const blob = await begun(store.blobs, ada, conversation);
          for (const [place, data] of chunks.entries()) {
            expect(await store.blobs.append({ blob, place, data })).toBe(true);
          }
          const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
          expect(await store.blobs.finish({ blob, bytes, sha256, at: 2000 })).toBe(true);
          for (const { user } of [ada, bob]) {
            const found = await other.blobs.find(blob, user);
            expect([found?.bytes, plain(found!.sha256)]).toEqual([bytes, plain(sha256)]);
            for (const [place, data] of chunks.entries()) {
              expect(plain((await other.blobs.read({ blob, place, user }))!)).toEqual(plain(data));
            }
            expect(await other.blobs.read({ blob, place: chunks.length, user })).toBeNull();
          }
        }),
        { numRuns: 20 },
      );
    });

    it('of a quarter of a mebibyte a chunk comes back too', async () => {
      const { store, other } = bench;
      const [ada] = await people(store, 'ada');
      const data = new Uint8Array(256 * 1024).map((_, index) => index * 31 + (index >> 8));
      const blob = await finished(store.blobs, ada, await group(store, ada), [data]);
      expect(plain((await other.blobs.read({ blob, place: 0, user: ada.user }))!)).toEqual(plain(data));
    });

    it('is seen by nobody before it is finished, and takes nothing more after', async () => {
      const { store, other } = bench;
      const [ada] = await people(store, 'ada');
      const crew = await group(store, ada);
      const blob = await begun(store.blobs, ada, crew);
      await store.blobs.append({ blob, place: 0, data: some });
      expect(await other.blobs.find(blob, ada.user)).toBeNull();
      expect(await other.blobs.read({ blob, place: 0, user: ada.user })).toBeNull();
      await store.blobs.finish({ blob, bytes: some.length, sha256, at: 2000 });
      expect(await store.blobs.append({ blob, place: 1, data: some })).toBe(false);
      expect(await store.blobs.finish({ blob, bytes: 99, sha256, at: 2000 })).toBe(false);
      await store.blobs.abandon(blob, 0);
      expect(await other.blobs.find(blob, ada.user)).toMatchObject({ bytes: some.length });
    });

    it('that was abandoned is gone, with its chunks', async () => {
      const { store } = bench;
      const [ada] = await people(store, 'ada');
      const blob = await begun(store.blobs, ada, await group(store, ada));
      await store.blobs.append({ blob, place: 0, data: some });
      await store.blobs.abandon(blob, some.length);
      await store.blobs.abandon(blob, some.length);
      expect(await store.blobs.append({ blob, place: 1, data: some })).toBe(false);
      expect(await store.blobs.finish({ blob, bytes: 2, sha256, at: 2000 })).toBe(false);
    });
  });

  describe('blobs are for members', () => {
    it('a stranger begins none and reads none', async () => {
      const { store } = bench;
      const [ada, bob, eve] = await people(store, 'ada', 'bob', 'eve');
      const conversation = await direct(store, ada, bob);
      expect(await store.blobs.begin(upload(eve, conversation))).toEqual({ kind: 'notMember' });
      expect(await store.blobs.begin(upload(eve, conversationId(999_999)))).toEqual({ kind: 'notMember' });
      const blob = await finished(store.blobs, ada, conversation, [some]);
      expect(await store.blobs.find(blob, eve.user)).toBeNull();
      expect(await store.blobs.read({ blob, place: 0, user: eve.user })).toBeNull();
      expect(await store.blobs.find('nothing' as BlobId, ada.user)).toBeNull();
    });

    it('who was removed or left reads nothing from then on, not even their own, until they are back', async () => {
      const { store, other } = bench;
      const [ada, bob, eve] = await people(store, 'ada', 'bob', 'eve');
      const crew = await group(store, ada, bob, eve);
      const blob = await finished(store.blobs, bob, crew, [some, some]);
      expect(await store.blobs.read({ blob, place: 0, user: bob.user })).not.toBeNull();
      await done(store, remove(ada, crew, 'bob'));
      await done(other, leave(eve, crew));
      for (const { user } of [bob, eve]) {
        expect(await store.blobs.find(blob, user)).toBeNull();
        expect(await store.blobs.read({ blob, place: 1, user })).toBeNull();
      }
      expect(await store.blobs.begin(upload(bob, crew))).toEqual({ kind: 'notMember' });
      await done(store, invite(ada, crew, 'bob'));
      expect(await store.blobs.find(blob, bob.user)).toMatchObject({ bytes: 2 * some.length });
    });

    it('who is removed while uploading does not finish', async () => {
      const { store } = bench;
      const [ada, bob] = await people(store, 'ada', 'bob');
      const crew = await group(store, ada, bob);
      const blob = await begun(store.blobs, bob, crew);
      await store.blobs.append({ blob, place: 0, data: some });
      await done(store, remove(ada, crew, 'bob'));
      expect(await store.blobs.finish({ blob, bytes: some.length, sha256, at: 2000 })).toBe(false);
      expect(await store.blobs.find(blob, ada.user)).toBeNull();
    });
  });

  describe('what a user may upload in a day', () => {
    it('is reserved when an upload begins, for all servers together, and empties evenly', async () => {
      const { store, other } = bench;
      const [ada] = await people(store, 'ada');
      const crew = await group(store, ada);
      const ask = (from: BlobStore, at: number, reserveBytes: number) =>
        from.begin({ ...upload(ada, crew), at, reserveBytes, bytesPerDay: 864 });
      expect(await ask(store.blobs, 1000, 500)).toEqual({ kind: 'begun' });
      expect(await ask(other.blobs, 1000, 364)).toEqual({ kind: 'begun' });
      // One byte becomes free every 100 seconds.
      expect(await ask(store.blobs, 1000, 3)).toEqual({ kind: 'tooMany', retryAfterMs: 300_000 });
      expect(await ask(store.blobs, 201_000, 3)).toEqual({ kind: 'tooMany', retryAfterMs: 100_000 });
      expect(await ask(store.blobs, 301_000, 3)).toEqual({ kind: 'begun' });
      expect(await ask(store.blobs, 301_000 + 86_400_000, 864)).toEqual({ kind: 'begun' });
    });

    it('is given back as far as it was not used, once', async () => {
      const { store } = bench;
      const [ada] = await people(store, 'ada');
      const crew = await group(store, ada);
      const ask = (reserveBytes: number) => {
        const asked = { ...upload(ada, crew), reserveBytes, bytesPerDay: 1000 };
        return store.blobs.begin(asked).then(({ kind }) => ({ kind, blob: asked.blob }));
      };
      const first = await ask(1000);
      await store.blobs.finish({ blob: first.blob, bytes: 100, sha256, at: 1000 });
      const second = await ask(900);
      expect([first.kind, second.kind, (await ask(1)).kind]).toEqual(['begun', 'begun', 'tooMany']);
      await store.blobs.abandon(second.blob, 400);
      await store.blobs.abandon(second.blob, 400);
      expect([(await ask(501)).kind, (await ask(500)).kind, (await ask(1)).kind]).toEqual([
        'tooMany',
        'begun',
        'tooMany',
      ]);
    });

    it('is not overdrawn by uploads that begin at the same moment', async () => {
      const { store, other } = bench;
      const [ada] = await people(store, 'ada');
      const crew = await group(store, ada);
      const asked = oneTo(20).map((n) =>
        [store, other][n % 2]!.blobs.begin({ ...upload(ada, crew), reserveBytes: 100, bytesPerDay: 500 }),
      );
      const kinds = (await Promise.all(asked)).map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === 'begun')).toHaveLength(5);
    });
  });

  describe('expiry of blobs', () => {
    it('takes finished ones by their end and unfinished ones by their beginning, a batch at a time', async () => {
      const { store, other } = bench;
      const [ada] = await people(store, 'ada');
      const crew = await group(store, ada);
      const old = [];
      for (const n of oneTo(5)) old.push(await finished(store.blobs, ada, crew, [some], 1000 + n));
      const young = await finished(store.blobs, ada, crew, [some], 9000);
      const stuck = await begun(store.blobs, ada, crew, 500);
      await store.blobs.append({ blob: stuck, place: 0, data: some });
      const under = await begun(store.blobs, ada, crew, 5000);
      const round = { finishedBefore: 9000, begunBefore: 5000, limit: 4 };
      expect([
        await store.blobs.expire(round),
        await other.blobs.expire(round),
        await store.blobs.expire(round),
      ]).toEqual([4, 2, 0]);
      for (const blob of old) expect(await store.blobs.find(blob, ada.user)).toBeNull();
      expect(await store.blobs.find(young, ada.user)).toMatchObject({ bytes: some.length });
      expect(await store.blobs.append({ blob: stuck, place: 1, data: some })).toBe(false);
      expect(await store.blobs.append({ blob: under, place: 0, data: some })).toBe(true);
    });

    it('of two servers at once, and a chunk that arrives meanwhile, leaves all whole', async () => {
      const { store, other } = bench;
      const [ada] = await people(store, 'ada');
      const crew = await group(store, ada);
      const blobs = await Promise.all(oneTo(10).map(() => begun(store.blobs, ada, crew, 1)));
      const round = { finishedBefore: 0, begunBefore: 2, limit: 10 };
      const [first, second, ...written] = await Promise.all([
        store.blobs.expire(round),
        other.blobs.expire(round),
        ...blobs.map((blob) => store.blobs.append({ blob, place: 0, data: some })),
      ]);
      expect(first + second + (await store.blobs.expire(round))).toBe(10);
      expect(written.every((each) => typeof each === 'boolean')).toBe(true);
    });
  });

  it('a closed store refuses blobs too, and certainly did nothing', async () => {
    const { store } = bench;
    const [ada] = await people(store, 'ada');
    await store.close();
    const asked = store.blobs.find('nothing' as BlobId, ada.user);
    await expect(asked).rejects.toThrow(StoreFailure);
  });
}

// ---

let lastBlob = 0;
const some = Uint8Array.of(1, 2, 3, 255, 0);
const sha256 = new Uint8Array(32).map((_, index) => 250 + index);

/** Typed arrays and Buffers of equal bytes are equal. */
function plain(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function upload(by: Identity, conversation: ConversationId): BlobUpload {
  const blob = `blob-${++lastBlob}` as BlobId;
  return { blob, conversation, user: by.user, at: 1000, reserveBytes: 10, bytesPerDay: 1e9 };
}

async function begun(blobs: BlobStore, by: Connected, conversation: ConversationId, at = 1000): Promise<BlobId> {
  const asked = { ...upload(by, conversation), at };
  expect(await blobs.begin(asked)).toEqual({ kind: 'begun' });
  return asked.blob;
}

async function finished(
  blobs: BlobStore,
  by: Connected,
  conversation: ConversationId,
  chunks: readonly Uint8Array[],
  at = 1000,
): Promise<BlobId> {
  const blob = await begun(blobs, by, conversation);
  for (const [place, data] of chunks.entries()) await blobs.append({ blob, place, data });
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
  expect(await blobs.finish({ blob, bytes, sha256, at })).toBe(true);
  return blob;
}
