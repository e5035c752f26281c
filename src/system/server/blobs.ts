import { toBase64url } from '../base64url.ts';
import { inChunks } from '../byte-chunks.ts';
import type { StoredBlob } from '../database/blob-store.ts';
import { type Identity, StoreFailure } from '../database/store.ts';
import type { ByteStream, Ms, RunningSha256, Secrets } from '../ports.ts';
import type { BlobId, ConversationId, UserId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { Answered } from './accounts.ts';
import { type Ground, logFailure, pause } from './ground.ts';
import { createLimiter } from './limiter.ts';
import { createPlaces } from './places.ts';

/**
 * Encrypted images on their way between clients and the store. Of each one this process holds one chunk, however slow the
 * other side is. May reject with `StoreFailure`.
 */
export interface Blobs {
  /** Stores the bytes as they arrive; unless it ends well, nothing of them is left. */
  upload(asked: Upload): Promise<Answered<Uploaded>>;
  /** Before each chunk it is made sure that the reader is still a member. */
  download(asked: { by: Identity; blob: BlobId }): Promise<Answered<{ bytes: ByteStream; sha256: Uint8Array }>>;
  /** Gives those under way time until `untilMs` of the clock, then cuts the uploads; resolves when none is left. */
  drain(untilMs: Ms): Promise<void>;
}

interface Upload {
  readonly by: Identity;
  readonly conversation: ConversationId;
  readonly bytes: ByteStream;
}

interface Uploaded {
  readonly blob: BlobId;
  readonly bytes: number;
}

export function createBlobs(ground: Ground, secrets: Pick<Secrets, 'startSha256'>): Blobs {
  const { clock, random, settings } = ground;
  const store = ground.store.blobs;
  const calls = createLimiter(settings.blobCallsMax);
  const uploads = createPlaces({ max: settings.blobUploadsMax, perUserMax: settings.blobUploadsPerUserMax });
  const downloads = createPlaces({ max: settings.blobDownloadsMax, perUserMax: settings.blobDownloadsPerUserMax });
  /** Of the uploads under way. */
  const receipts = new Set<Receipt>();

  return {
    async upload(asked) {
      const { length } = asked.bytes;
      if (length !== null && length > limits.blobBytesMax) return tooLarge;
      const place = uploads.take(asked.by.user);
      if (place.kind === 'refused') return place;
      const receipt: Receipt = { bytes: 0, sha256: secrets.startSha256(), cut: () => {} };
      receipts.add(receipt);
      try {
        return await receive(asked, receipt);
      } finally {
        receipts.delete(receipt);
        place.leave();
      }
    },
    async download({ by: { user }, blob }) {
      const place = downloads.take(user);
      if (place.kind === 'refused') return place;
      let found: StoredBlob | null = null;
      try {
        found = await calls.run(() => store.find(blob, user));
      } finally {
        if (found === null) place.leave();
      }
      if (found === null) return { kind: 'refused', code: 'unknownPath' };
      const { bytes, sha256 } = found;
      const pieces = chunksOf({ blob, user, bytes, leave: place.leave });
      return { kind: 'ok', value: { bytes: { pieces, length: bytes }, sha256 } };
    },
    async drain(untilMs) {
      while (uploads.taken + downloads.taken > 0 && clock.now() < untilMs) await pause(clock, drainStepMs);
      for (const receipt of receipts) receipt.cut(new Error('the server is draining'));
      while (uploads.taken > 0) await pause(clock, drainStepMs);
    },
  };

  async function receive({ by, conversation, bytes }: Upload, receipt: Receipt): Promise<Answered<Uploaded>> {
    const blob = toBase64url(random.bytes(idBytes)) as BlobId;
    const begun = await calls.run(() =>
      store.begin({
        blob,
        conversation,
        user: by.user,
        at: clock.wall(),
        reserveBytes: bytes.length ?? limits.blobBytesMax,
        bytesPerDay: settings.blobBytesPerUserPerDay,
      }),
    );
    if (begun.kind === 'notMember') return notMember;
    if (begun.kind === 'tooMany') return { kind: 'refused', code: 'tooMany', retryAfterMs: begun.retryAfterMs };
    let stored: Answered<Uploaded> | null = null;
    try {
      stored = (await fill(blob, bytes, receipt)) ?? (await finish(blob, receipt));
      return stored;
    } finally {
      if (stored?.kind !== 'ok') await abandon(blob, receipt.bytes);
    }
  }

  /** Null when every byte is in the store. */
  async function fill(blob: BlobId, { pieces }: ByteStream, receipt: Receipt): Promise<Answered<never> | null> {
    let place = 0;
    try {
      for await (const data of inChunks(arriving(pieces, receipt), chunkBytes)) {
        const chunk = { blob, place: place++, data };
        if (!(await calls.run(() => store.append(chunk)))) return interrupted('it took too long');
      }
    } catch (error) {
      if (error === overLimit) return tooLarge;
      // Whether or not the chunk was written: nobody will see an unfinished blob.
      if (error instanceof StoreFailure) throw new StoreFailure(error.message, { definite: true, cause: error });
      return interrupted(error instanceof Error ? error.message : String(error));
    }
    return receipt.bytes === 0 ? empty : null;
  }

  async function finish(blob: BlobId, { bytes, sha256 }: Receipt): Promise<Answered<Uploaded>> {
    const finished = { blob, bytes, sha256: sha256.digest(), at: clock.wall() };
    const done = await calls.run(() => store.finish(finished));
    return done ? { kind: 'ok', value: { blob, bytes } } : notMember;
  }

  /** What cannot be deleted now is left to the expiry. */
  async function abandon(blob: BlobId, usedBytes: number): Promise<void> {
    try {
      await calls.run(() => store.abandon(blob, Math.min(usedBytes, limits.blobBytesMax)));
    } catch (error) {
      logFailure(ground, 'An upload that was not finished could not be deleted; that is done when it expires.', error);
    }
  }

  async function* chunksOf(asked: { blob: BlobId; user: UserId; bytes: number; leave(): void }) {
    const { blob, user, bytes, leave } = asked;
    try {
      for (let place = 0, sent = 0; sent < bytes; place++) {
        const data = await calls.run(() => store.read({ blob, place, user }));
        if (data === null) throw new Error('The blob has expired, or who reads it is no member any more.');
        yield data;
        sent += data.length;
      }
    } finally {
      leave();
    }
  }
}

// ---

/** 32 characters of base64url. */
const idBytes = 24;
/** One row of the store. Half of what it takes: the memory of a transfer is this, a few times over. */
const chunkBytes = 128 * 1024;
const drainStepMs: Ms = 5;

/** What has arrived of an upload. */
interface Receipt {
  bytes: number;
  readonly sha256: RunningSha256;
  /** Ends the wait for the next piece. */
  cut: (reason: Error) => void;
}

const overLimit = new Error('over the limit');
const tooLarge: Answered<never> = {
  kind: 'refused',
  code: 'tooLarge',
  detail: `A blob has at most ${limits.blobBytesMax} bytes.`,
};
const notMember: Answered<never> = { kind: 'refused', code: 'notMember' };
const empty: Answered<never> = { kind: 'refused', code: 'malformed', detail: 'The blob is empty: send its bytes.' };

function interrupted(reason: string): Answered<never> {
  const detail = `The upload was not finished (${reason.slice(0, 200)}): nothing is left of it, send it again.`;
  return { kind: 'refused', code: 'malformed', detail };
}

/** The pieces, counted and digested; throws `overLimit` as soon as there are too many bytes. */
async function* arriving(pieces: AsyncIterable<Uint8Array>, receipt: Receipt): AsyncGenerator<Uint8Array, void, void> {
  const iterator = pieces[Symbol.asyncIterator]();
  for (;;) {
    const next = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
      receipt.cut = reject;
      iterator.next().then(resolve, reject);
    });
    if (next.done) return;
    receipt.bytes += next.value.length;
    if (receipt.bytes > limits.blobBytesMax) throw overLimit;
    receipt.sha256.update(next.value);
    yield next.value;
  }
}
