/** Images in messages: uploaded, queued, kept, shown and fetched. */
import { describe, expect, it } from 'vitest';
import { imageLimits } from '../../../../src/system/client/images/limits.ts';
import type { ImageProgress } from '../../../../src/system/client/images/progress.ts';
import type { Asked, Item } from '../../../../src/system/client/messenger/contract.ts';
import {
  type AskedImage,
  type ImageRead,
  messengerImageLimits,
} from '../../../../src/system/client/messenger/image-contract.ts';
import type { ByteStream } from '../../../../src/system/ports.ts';
import { Problem } from '../../../../src/system/problem.ts';
import type { ConversationId, Seq } from '../../../../src/system/protocol/ids.ts';
import { pattern } from '../../../helpers/byte-streams.ts';
import { drawn, pngOf } from '../../../helpers/images.ts';
import { createMessengerRig, type Device, type MessengerRig } from '../../../helpers/messenger-rig.ts';

interface Album {
  readonly rig: MessengerRig;
  readonly ada: Device;
  readonly bob: Device;
  readonly conversation: ConversationId;
  /** Blobs of the servers; they are gone then. */
  blobs(): Promise<number>;
  /** The last image that a device keeps. */
  image(device: Device): Promise<Item>;
  read(device: Device, seq: Seq): Promise<ImageRead>;
}

async function createAlbum(encryption: 'mls' | 'modelled' | 'none' = 'none'): Promise<Album> {
  const rig = await createMessengerRig({ encryption });
  const [ada, bob] = [await rig.online('ada'), await rig.online('bob')];
  const opened = await rig.within(ada.messenger.openDirect('bob').outcome);
  if (opened.kind !== 'sent') throw new Error(JSON.stringify(opened));
  const { conversation } = opened;
  await rig.settle(2000);
  return {
    rig,
    ada,
    bob,
    conversation,
    blobs: () => rig.chat.store.blobs.expire({ finishedBefore: 1e15, begunBefore: 1e15, limit: 1e6 }),
    async image(device) {
      const items = await device.messenger.history({ conversation });
      const found = items.findLast(({ content }) => content.kind === 'image');
      if (!found) throw new Error('no image has come');
      return found;
    },
    read: (device, seq) => rig.within(device.messenger.readImage(conversation, seq)),
  };
}

function fileOf(bytes: Uint8Array): Blob {
  return new Blob([bytes as Uint8Array<ArrayBuffer>]);
}

/** Lets a few pieces through, then does something; only the first time. */
function atPiece(pieces: number, then: () => void): (bytes: ByteStream) => ByteStream {
  let left = pieces;
  return (bytes) => ({
    ...bytes,
    pieces: (async function* () {
      for await (const piece of bytes.pieces) {
        if (left-- === 0) then();
        yield piece;
      }
    })(),
  });
}

async function sent({ rig }: Album, { outcome }: AskedImage | Asked): Promise<Seq> {
  const done = await rig.within(outcome);
  if (done.kind !== 'sent') throw new Error(JSON.stringify(done));
  await rig.settle(2000);
  return done.seq;
}

describe.each(['mls', 'modelled'] as const)('an image in a conversation encrypted by %s', (encryption) => {
  it('comes to the other one byte for byte, with caption and thumbnail, and is found by its caption', async () => {
    const album = await createAlbum(encryption);
    const { ada, bob, conversation } = album;
    const bytes = await drawn('png', { width: 640, height: 480 });
    const progress: ImageProgress[] = [];
    const asked = ada.messenger.sendImage(conversation, fileOf(bytes), {
      caption: 'The sea at noon',
      onProgress: (each) => void progress.push(each),
    });
    const seq = await sent(album, asked);
    expect(progress.at(-1)).toEqual({ bytes: bytes.length, total: bytes.length });
    for (const device of [ada, bob]) {
      const { content, id } = await album.image(device);
      expect(content).toMatchObject({
        caption: 'The sea at noon',
        image: { type: 'image/png', width: 640, height: 480, bytes: bytes.length },
      });
      if (content.kind !== 'image') throw new Error('no image');
      expect(Object.keys(content.image).sort()).toEqual(['bytes', 'height', 'thumbnail', 'type', 'width']);
      expect(content.image.thumbnail).toMatchObject({ type: 'image/jpeg', width: 256, height: 192 });
      expect(id).toBe(device === ada ? await asked.queued : null);
      const { found } = await device.messenger.search({ text: 'sea AT' });
      expect(found.map((item) => item.seq)).toEqual([seq]);
      const read = await album.read(device, seq);
      expect(read).toMatchObject({ kind: 'image', type: 'image/png', width: 640, height: 480 });
      expect(read.kind === 'image' && bytes.equals(read.bytes)).toBe(true);
    }
    expect(bob.messenger.conversation(conversation)).toMatchObject({ unread: 1 });
    expect(album.rig.errors).toEqual([]);
  });

  it('is queued like any other message: what was uploaded goes out after a crash', async () => {
    const album = await createAlbum(encryption);
    const { rig, ada, bob, conversation } = album;
    const bytes = pngOf(300_000);
    ada.up = atPiece(0, () => {
      // The bytes still arrive; the message finds nobody.
      ada.lets = () => false;
    });
    const { queued } = ada.messenger.sendImage(conversation, fileOf(bytes), { caption: 'late' });
    const id = await rig.within(queued);
    expect(id).not.toBeNull();
    ada.crash();
    ada.lets = () => true;
    await ada.boot();
    expect(ada.messenger.waiting()).toMatchObject([{ id, what: 'send', content: { kind: 'image', caption: 'late' } }]);
    ada.messenger.start();
    await rig.settle(20_000);
    expect(ada.messenger.waiting()).toEqual([]);
    const { seq } = await album.image(bob);
    const read = await album.read(bob, seq);
    expect(read.kind === 'image' && Buffer.from(bytes).equals(read.bytes)).toBe(true);
  });
});

/** What the program of a device wrote into a message. */
function writtenAt(device: Device, seq: Seq) {
  const entries = device.written.flat().flatMap((change) => (change.kind === 'entry' ? [change.entry] : []));
  return JSON.parse(JSON.parse(entries.findLast((entry) => entry.seq === seq)!.content).written);
}

/** Another program of a user, which writes what it likes. */
async function forgery(
  rig: MessengerRig,
  name: string,
): Promise<(to: ConversationId, content: object) => Promise<Seq>> {
  const client = rig.chat.connect(await rig.chat.signIn(name, 'other program'));
  await rig.settle();
  let clientId = 0;
  return async (conversation, content) => {
    const payload = Buffer.from(JSON.stringify(content)).toString('base64url');
    client.send({ type: 'send', clientId: ++clientId, conversation, epoch: 0, payload });
    await rig.settle(1000);
    const answer = client.answer(clientId);
    if (answer?.type !== 'accepted') throw new Error(JSON.stringify(answer));
    return answer.seq;
  };
}

describe('the upload of an image', () => {
  it('waits until one is online, and no more than a few go at once', async () => {
    const album = await createAlbum();
    const { rig, ada, bob, conversation } = album;
    let under = 0;
    let most = 0;
    // The first ones wait for each other, so that they are seen together.
    const full = Promise.withResolvers<void>();
    ada.up = (bytes) => ({
      ...bytes,
      pieces: (async function* () {
        most = Math.max(most, ++under);
        if (under === messengerImageLimits.uploadsMax) full.resolve();
        try {
          await full.promise;
          yield* bytes.pieces;
        } finally {
          // Before the server has answered: it has let go of the stream by then.
          under--;
        }
      })(),
    });
    ada.messenger.stop();
    const asked = Array.from({ length: 7 }, (_, n) =>
      ada.messenger.sendImage(conversation, fileOf(pngOf(200_000)), { caption: `image ${n}` }),
    );
    await rig.settle(5000);
    expect(most).toBe(0);
    ada.messenger.start();
    for (const each of asked) await sent(album, each);
    expect(most).toBe(messengerImageLimits.uploadsMax);
    const items = await bob.messenger.history({ conversation });
    expect(items.filter(({ content }) => content.kind === 'image')).toHaveLength(7);
  });

  it('begins anew after the connection was lost in the middle of it', async () => {
    const album = await createAlbum();
    const { ada, bob, conversation } = album;
    const bytes = pngOf(2_000_000);
    const done: number[] = [];
    ada.up = atPiece(5, ada.cut);
    const seq = await sent(
      album,
      ada.messenger.sendImage(conversation, fileOf(bytes), { onProgress: (each) => void done.push(each.bytes) }),
    );
    expect(done.filter((each, n) => each < (done[n - 1] ?? 0))).toHaveLength(1);
    const read = await album.read(bob, seq);
    expect(read.kind === 'image' && Buffer.from(bytes).equals(read.bytes)).toBe(true);
    // Only what was whole is left.
    expect(await album.blobs()).toBe(1);
  });

  it('goes on after stop and start', async () => {
    const album = await createAlbum();
    const { rig, ada, conversation } = album;
    const stopped = Promise.withResolvers<void>();
    ada.up = atPiece(3, () => {
      ada.messenger.stop();
      stopped.resolve();
    });
    const asked = ada.messenger.sendImage(conversation, fileOf(pngOf(2_000_000)));
    await rig.within(stopped.promise);
    await rig.settle(5000);
    expect(await album.blobs()).toBe(0);
    ada.messenger.start();
    await sent(album, asked);
  });

  it('of a source that can be read only once is not repeated, and says so', async () => {
    const album = await createAlbum();
    const { rig, ada, conversation } = album;
    ada.up = atPiece(1, ada.cut);
    const once = (async function* () {
      for (let n = 0; n < 20; n++) yield n === 0 ? pngOf(100_000) : pattern(100_000);
    })();
    const { outcome, queued } = ada.messenger.sendImage(conversation, once);
    expect(await rig.within(outcome)).toEqual({
      kind: 'notUploaded',
      code: 'interrupted',
      reason: expect.stringContaining('the connection was cut'),
    });
    expect(await queued).toBeNull();
  });

  it('is given up after some attempts when the servers never take it', async () => {
    const album = await createAlbum();
    const { rig, ada, conversation } = album;
    let attempts = 0;
    ada.up = () => {
      attempts++;
      throw new Error('socket hang up');
    };
    const { outcome } = ada.messenger.sendImage(conversation, fileOf(pngOf(1000)));
    expect(await rig.within(outcome)).toMatchObject({ kind: 'notUploaded', code: 'interrupted' });
    expect(attempts).toBe(8);
  });

  it('that was cancelled leaves nothing and sends nothing, whenever that is', async () => {
    const album = await createAlbum();
    const { rig, ada, conversation } = album;
    const cancelled = async (file: Blob, when: 'before' | 'waiting' | 'midway') => {
      const cancel = new AbortController();
      if (when === 'before') cancel.abort();
      if (when === 'waiting') ada.messenger.stop();
      if (when === 'midway') ada.up = atPiece(3, () => cancel.abort());
      const { outcome, queued } = ada.messenger.sendImage(conversation, file, { signal: cancel.signal });
      await rig.settle();
      cancel.abort();
      expect(await rig.within(outcome)).toEqual({ kind: 'cancelled' });
      expect(await queued).toBeNull();
      ada.messenger.start();
      await rig.settle(2000);
    };
    for (const when of ['before', 'waiting', 'midway'] as const) await cancelled(fileOf(pngOf(2_000_000)), when);
    expect(await album.blobs()).toBe(0);
    expect(ada.messenger.waiting()).toEqual([]);
    await expect(album.image(ada)).rejects.toThrow('no image has come');
  });

  it('that was not finished when the messenger is closed is over, and says so', async () => {
    const album = await createAlbum();
    const { rig, ada, conversation } = album;
    ada.up = atPiece(3, () => void ada.messenger.close());
    const asked = Array.from({ length: 5 }, () => ada.messenger.sendImage(conversation, fileOf(pngOf(2_000_000))));
    for (const { outcome } of asked) {
      expect(await rig.within(outcome)).toEqual({
        kind: 'notUploaded',
        code: 'interrupted',
        reason: 'The messenger was closed before the image was uploaded: send it again.',
      });
    }
    await rig.settle();
    expect(await album.blobs()).toBe(0);
    await ada.boot();
    expect(ada.messenger.waiting()).toEqual([]);
  });

  it.each([
    ['no image', new TextEncoder().encode('<svg/>'), 'unsupported', /no image of a known kind/],
    ['too many pixels', pngOf(1000, { width: 60_000, height: 60_000 }), 'tooLarge', /60000 × 60000 pixels/],
    ['too many bytes', pngOf(imageLimits.bytesMax + 1), 'tooLarge', /more than \d+ bytes/],
  ] as const)('of %s is refused with one sentence', async (_, bytes, code, reason) => {
    const { rig, ada, conversation } = await createAlbum();
    const { outcome, queued } = ada.messenger.sendImage(conversation, fileOf(bytes));
    expect(await rig.within(outcome)).toEqual({ kind: 'notUploaded', code, reason: expect.stringMatching(reason) });
    expect(await queued).toBeNull();
    expect(ada.messenger.waiting()).toEqual([]);
  });

  it('whose file cannot be read is over at once, and the reason is the file', async () => {
    const { rig, ada, conversation } = await createAlbum();
    const gone = {
      size: 1000,
      stream: () => new ReadableStream({ pull: () => Promise.reject(new Error('no such file')) }),
      arrayBuffer: () => Promise.reject(new Error('no such file')),
    };
    const { outcome } = ada.messenger.sendImage(conversation, gone);
    expect(await rig.within(outcome)).toEqual({
      kind: 'notUploaded',
      code: 'unreadable',
      reason: expect.stringContaining('no such file'),
    });
  });

  it('is not begun where the caption is too long, too many wait, or the conversation is not known', async () => {
    const { ada, conversation } = await createAlbum();
    const ask = (caption: string, id = conversation) => ada.messenger.sendImage(id, fileOf(pngOf(1000)), { caption });
    ada.messenger.stop();
    expect(() => ask('x'.repeat(messengerImageLimits.captionCharsMax + 1))).toThrow(Problem);
    expect(() => ask('', 99 as ConversationId)).toThrow('There is no conversation 99');
    for (let n = 0; n < messengerImageLimits.imagesWaitingMax; n++) ask('');
    expect(() => ask('')).toThrow('100 images wait');
    await ada.messenger.close();
  });

  it('ends in no message where the user is a member no longer', async () => {
    const { rig, ada, bob } = await createAlbum();
    const group = await rig.within(ada.messenger.createGroup('album', ['bob']).outcome);
    if (group.kind !== 'sent') throw new Error('no group');
    await rig.settle(2000);
    await rig.within(ada.messenger.remove(group.conversation, ['bob']).outcome);
    const { outcome } = bob.messenger.sendImage(group.conversation, fileOf(pngOf(1000)));
    expect(await rig.within(outcome)).toMatchObject({ kind: 'notUploaded', code: 'notMember' });
  });
});

describe('an image that is read', () => {
  it('is refused to a stranger who knows the reference', async () => {
    const album = await createAlbum();
    const { rig, ada, bob, conversation } = album;
    const seq = await sent(album, ada.messenger.sendImage(conversation, fileOf(pngOf(1000))));
    const written = writtenAt(bob, seq);
    const eve = await rig.online('eve');
    const own = await rig.within(eve.messenger.openDirect('eve').outcome);
    if (own.kind !== 'sent') throw new Error('no conversation');
    const known = await forgery(rig, 'eve').then((forge) => forge(own.conversation, written));
    expect(await rig.within(eve.messenger.readImage(own.conversation, known))).toEqual({
      kind: 'gone',
      reason: expect.stringContaining('no longer'),
    });
  });

  it('says what hinders it: gone, offline, cancelled, or that there is none', async () => {
    const album = await createAlbum();
    const { rig, ada, bob, conversation } = album;
    const seq = await sent(album, ada.messenger.sendImage(conversation, fileOf(pngOf(2_000_000))));
    const cancel = new AbortController();
    const signal = cancel.signal;
    const reading = bob.messenger.readImage(conversation, seq, { signal, onProgress: () => cancel.abort() });
    expect(await rig.within(reading)).toMatchObject({ kind: 'cancelled' });
    bob.down = atPiece(3, bob.cut);
    expect(await album.read(bob, seq)).toMatchObject({ kind: 'offline', reason: expect.stringContaining('cut') });
    await rig.settle(5000);
    expect(await album.read(bob, seq)).toMatchObject({ kind: 'image' });
    await album.blobs();
    expect(await album.read(bob, seq)).toMatchObject({ kind: 'gone' });
    bob.messenger.stop();
    expect(await album.read(bob, seq)).toEqual({ kind: 'offline', reason: 'The messenger is offline: start it.' });
    await expect(album.read(bob, 1 as Seq)).rejects.toThrow('has no image');
    await expect(album.read(bob, 99 as Seq)).rejects.toThrow('is not here');
  });

  it('from a hostile sender harms nobody: it is shown by its fallback, or is damaged', async () => {
    const album = await createAlbum();
    const { ada, bob, conversation } = album;
    const seq = await sent(album, ada.messenger.sendImage(conversation, fileOf(pngOf(200_000)), { caption: 'fine' }));
    const { image } = writtenAt(ada, seq);
    const other = await sent(album, ada.messenger.sendImage(conversation, fileOf(pngOf(200_000)), { caption: 'fine' }));
    const { image: second } = writtenAt(ada, other);
    const forge = await forgery(album.rig, 'ada');
    const damaged = [
      { ...image, sha256: second.sha256 },
      { ...image, key: second.key },
      { ...image, blob: second.blob },
      { ...image, bytes: imageLimits.bytesMax },
      { ...image, bytes: 1 },
      { ...image, type: 'image/gif' },
      { ...image, width: imageLimits.sideMax },
    ];
    for (const lie of damaged) {
      const at = await forge(conversation, { v: 1, kind: 'image', image: lie, caption: 'x', later: true });
      expect((await album.image(bob)).seq).toBe(at);
      expect(await album.read(bob, at)).toMatchObject({ kind: 'damaged', reason: expect.stringContaining('image') });
    }
    const malformed = [
      null,
      'x',
      [],
      {},
      { ...image, bytes: 1e12 },
      { ...image, width: 1e9 },
      { ...image, type: 'image/svg+xml' },
      { ...image, blob: '../../users' },
      { ...image, sha256: 'x' },
      { ...image, thumbnail: { type: 'image/png', width: 3, height: 2, data: 'A'.repeat(40_000) } },
      { ...image, thumbnail: { type: 'image/png', width: 9000, height: 9000, data: 'AAAA' } },
    ];
    for (const lie of malformed) {
      const at = await forge(conversation, { v: 1, kind: 'image', image: lie, fallback: '[image] x' });
      const [item] = await bob.messenger.history({ conversation, after: (at - 1) as Seq, limit: 1 });
      expect(item?.content).toEqual({ kind: 'unknown', name: 'image', fallback: '[image] x' });
      await expect(album.read(bob, at)).rejects.toThrow('has no image');
    }
    expect(album.rig.errors).toEqual([]);
  });
});
