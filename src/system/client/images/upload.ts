import { toBase64url } from '../../base64url.ts';
import type { Random, RunningSha256, Transport } from '../../ports.ts';
import { routes, uploadAnswer } from '../../protocol/http.ts';
import type { BlobId, ConversationId } from '../../protocol/ids.ts';
import { sealChunks, sealedBytes, tagBytes } from './chunk-cipher.ts';
import type { Ciphers } from './ciphers.ts';
import { ImageFailure } from './failure.ts';
import { type Inspected, inspectImage } from './inspect.ts';
import { imageLimits } from './limits.ts';
import { failureOf, type TransferOptions } from './progress.ts';
import type { ImageReference } from './reference.ts';
import { refusalOf } from './refusal.ts';
import { type ImageSource, isBlobLike, peek, piecesOf, readable } from './source.ts';
import { isThumbnail, type MakeThumbnail } from './thumbnail.ts';

/** What images ask of the world. */
export interface ImageWorld {
  readonly transport: Transport;
  /** Unpredictable: keys are drawn from it. */
  readonly random: Random;
  readonly ciphers: Ciphers;
  /** From `POST /v1/sessions`. */
  readonly token: string;
  /** Left out: images go without. */
  readonly makeThumbnail?: MakeThumbnail;
}

/**
 * Encrypts an image under a key of its own and stores it for the members of a conversation; answers what to put into the
 * message. Type and size are read from the bytes. Of the image only a few chunks are in memory at a time, besides its head.
 * Rejects with an `ImageFailure`; then nothing is left on the server, and it may be tried again with a fresh source.
 */
export async function uploadImage(
  world: ImageWorld,
  source: ImageSource,
  options: TransferOptions & { readonly conversation: ConversationId },
): Promise<ImageReference> {
  try {
    options.signal?.throwIfAborted();
    const total = isBlobLike(source) ? source.size : null;
    if (total !== null && total > imageLimits.bytesMax) throw tooLarge();
    const { head, pieces } = await peek(readable(piecesOf(source)), imageLimits.headBytesMax);
    try {
      const inspected = inspectImage(head);
      const thumbnail = await thumbnailOf(world, source, inspected);
      const sent = await send(world, { pieces, total }, options);
      return { ...sent, ...inspected, ...(thumbnail === null ? {} : { thumbnail }) };
    } finally {
      // What was read to the end does not mind; a source that hangs is not waited for.
      void pieces[Symbol.asyncIterator]()
        .return?.()
        .catch(() => {});
    }
  } catch (error) {
    throw failureOf(error, options.signal, what);
  }
}

// ---

const what = 'The upload of the image';
const keyBytes = 32;

function tooLarge(): ImageFailure {
  return new ImageFailure('tooLarge', `The image has more than ${imageLimits.bytesMax} bytes: make it smaller.`);
}

type Sent = Pick<ImageReference, 'blob' | 'key' | 'bytes' | 'sha256'>;

interface Whole {
  readonly pieces: AsyncIterable<Uint8Array>;
  readonly total: number | null;
}

async function send(
  { transport, random, ciphers, token }: ImageWorld,
  { pieces, total }: Whole,
  { conversation, signal, onProgress }: TransferOptions & { readonly conversation: ConversationId },
): Promise<Sent> {
  const key = random.bytes(keyBytes);
  const sha256 = ciphers.startSha256();
  const count: Count = { bytes: 0, failure: null };
  const chunks = sealChunks(ciphers.aead(key), counted({ pieces, total }, count, signal));
  const bytes = {
    pieces: told(chunks, { sha256, total, onProgress }),
    length: total === null ? null : sealedBytes(total),
  };
  const { method, path } = routes.uploadBlob;
  const request = { method, path, query: { conversation: String(conversation) }, token, body: '', bytes };
  const answer = await transport.request(request, signal ? { signal } : {}).catch((error) => {
    throw count.failure ?? error;
  });
  // What went wrong here is worth more than what the server made of it.
  if (count.failure !== null) throw count.failure;
  if (answer.status !== 201) throw refusalOf(answer, what);
  const blob = blobIn(answer.body, sealedBytes(count.bytes));
  return { blob, key: toBase64url(key), bytes: count.bytes, sha256: toBase64url(sha256.digest()) };
}

/** The new blob's id, if it has all that was sent. */
function blobIn(body: string, bytes: number): BlobId {
  const read = uploadAnswer.safeParse(JSON.parse(body));
  if (read.success && read.data.bytes === bytes) return read.data.blob;
  throw new Error(`the answer ${body.slice(0, 100)} does not tell of ${bytes} bytes`);
}

interface Count {
  bytes: number;
  failure: unknown;
}

/** The bytes of the source, as many as it said and no more than there may be. */
async function* counted({ pieces, total }: Whole, count: Count, signal: AbortSignal | undefined) {
  try {
    for await (const piece of pieces) {
      signal?.throwIfAborted();
      count.bytes += piece.length;
      if (count.bytes > Math.min(total ?? Number.POSITIVE_INFINITY, imageLimits.bytesMax)) throw tooLarge();
      yield piece;
    }
    if (total !== null && count.bytes < total) {
      throw new ImageFailure('unreadable', `The file ended after ${count.bytes} of ${total} bytes: choose it again.`);
    }
  } catch (error) {
    count.failure = error;
    throw error;
  }
}

/** Encrypted chunks on their way: digested, and told of once the next one is asked for. */
async function* told(
  chunks: AsyncIterable<Uint8Array>,
  options: { sha256: RunningSha256; total: number | null; onProgress: TransferOptions['onProgress'] },
) {
  const { sha256, total, onProgress } = options;
  let bytes = 0;
  for await (const chunk of chunks) {
    sha256.update(chunk);
    yield chunk;
    bytes += chunk.length - tagBytes;
    onProgress?.({ bytes, total });
  }
}

/** An image without a thumbnail is still an image: whatever goes wrong here is not told. */
async function thumbnailOf(
  { makeThumbnail }: ImageWorld,
  source: ImageSource,
  inspected: Inspected,
): Promise<NonNullable<ImageReference['thumbnail']> | null> {
  if (makeThumbnail === undefined || !isBlobLike(source)) return null;
  try {
    const made = await makeThumbnail(source, inspected);
    if (made === null || !isThumbnail(made)) return null;
    const { type, width, height, bytes } = made;
    return { type, width, height, data: toBase64url(bytes) };
  } catch {
    return null;
  }
}
