import { fromBase64url, toBase64url } from '../../base64url.ts';
import type { ByteStream, RunningSha256 } from '../../ports.ts';
import { routes } from '../../protocol/http.ts';
import { openChunks, sealedBytes } from './chunk-cipher.ts';
import { ImageFailure } from './failure.ts';
import { type Inspected, inspectImage } from './inspect.ts';
import { imageLimits } from './limits.ts';
import { failureOf, type TransferOptions } from './progress.ts';
import type { ImageReference } from './reference.ts';
import { refusalOf } from './refusal.ts';
import { peek } from './source.ts';
import type { ImageWorld } from './upload.ts';

/** An image as its own bytes describe it. */
export interface DownloadedImage extends Inspected {
  /** Length in bytes. */
  readonly bytes: number;
  /**
   * Decrypted as they are asked for. Each is genuine, but whether all are there is known at the end: keep nothing when this
   * rejects, with an `ImageFailure`. Letting go of it ends the download.
   */
  readonly pieces: AsyncIterable<Uint8Array>;
}

/**
 * Fetches and decrypts an image that a message refers to. Nothing is taken on trust from the sender: chunks, order and
 * length are authenticated, the blob must have the digest of the reference, type and size are read from the bytes. Of the
 * image only a few chunks are in memory at a time, besides its head. Rejects with an `ImageFailure`.
 */
export async function downloadImage(
  world: Pick<ImageWorld, 'transport' | 'ciphers' | 'token'>,
  reference: ImageReference,
  { signal, onProgress }: TransferOptions = {},
): Promise<DownloadedImage> {
  try {
    const stream = await fetchBlob(world, reference, signal);
    const sealed = whole(stream, reference, world.ciphers.startSha256());
    const opened = openChunks(world.ciphers.aead(fromBase64url(reference.key)!), sealed);
    const { head, pieces } = await peek(opened, imageLimits.headBytesMax);
    const iterator = pieces[Symbol.asyncIterator]();
    try {
      const inspected = asPromised(inspectImage(head), reference);
      const given = reported(iterator, { total: reference.bytes, signal, onProgress });
      return { ...inspected, bytes: reference.bytes, pieces: given };
    } catch (error) {
      await iterator.return?.();
      throw error;
    }
  } catch (error) {
    throw failureOf(error, signal, what);
  }
}

// ---

const what = 'The download of the image';

async function fetchBlob(
  { transport, token }: Pick<ImageWorld, 'transport' | 'token'>,
  { blob, bytes }: ImageReference,
  signal: AbortSignal | undefined,
): Promise<ByteStream> {
  signal?.throwIfAborted();
  const { method, path } = routes.downloadBlob;
  const request = { method, path: path.replace('{id}', blob), token, body: '' };
  const answer = await transport.request(request, { streamed: true, ...(signal ? { signal } : {}) });
  if (answer.status !== 200 || answer.bytes === undefined) throw refusalOf(answer, what);
  const { length } = answer.bytes;
  if (length === null || length === sealedBytes(bytes)) return answer.bytes;
  await answer.bytes.pieces[Symbol.asyncIterator]().return?.();
  throw damaged(`it has ${length} bytes instead of ${sealedBytes(bytes)}`);
}

function damaged(how: string): ImageFailure {
  return new ImageFailure('damaged', `The image is not the one that was sent (${how}): ask for it to be sent again.`);
}

/** The blob's bytes; rejects at the end unless they are those that the sender committed to. */
async function* whole({ pieces }: ByteStream, { bytes, sha256 }: ImageReference, digest: RunningSha256) {
  let arrived = 0;
  for await (const piece of pieces) {
    arrived += piece.length;
    if (arrived > sealedBytes(bytes)) throw damaged(`it has more than ${sealedBytes(bytes)} bytes`);
    digest.update(piece);
    yield piece;
  }
  if (arrived < sealedBytes(bytes)) throw damaged(`it ends after ${arrived} of ${sealedBytes(bytes)} bytes`);
  if (toBase64url(digest.digest()) !== sha256) throw damaged('its digest is another');
}

/** The sender's description must agree with the bytes: a message that shows one thing and opens another is not shown. */
function asPromised(found: Inspected, { type, width, height }: ImageReference): Inspected {
  if (found.type !== type) throw damaged(`it is of type ${found.type}, not ${type}`);
  if ((width ?? found.width) !== found.width || (height ?? found.height) !== found.height) {
    throw damaged(`it has ${found.width} × ${found.height} pixels, not ${width} × ${height}`);
  }
  return found;
}

/** Tells of progress, and of every error as an `ImageFailure`. */
function reported(
  iterator: AsyncIterator<Uint8Array>,
  options: { total: number; signal: AbortSignal | undefined; onProgress: TransferOptions['onProgress'] },
): AsyncIterable<Uint8Array> {
  const { total, signal, onProgress } = options;
  let bytes = 0;
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    try {
      signal?.throwIfAborted();
      const result = await iterator.next();
      if (result.done) return { done: true, value: undefined };
      bytes += result.value.length;
      onProgress?.({ bytes, total });
      return result;
    } catch (error) {
      await iterator.return?.();
      throw failureOf(error, signal, what);
    }
  };
  const finish = async (): Promise<IteratorResult<Uint8Array>> => {
    await iterator.return?.();
    return { done: true, value: undefined };
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: finish }) };
}
