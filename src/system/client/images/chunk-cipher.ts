import { inChunks } from '../../byte-chunks.ts';
import type { Aead } from './ciphers.ts';
import { ImageFailure } from './failure.ts';

/**
 * Encryption of a stream in chunks by the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: "Online
 * Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015). The nonce of each chunk holds its place
 * and whether it is the last one: a chunk that is changed, dropped, doubled, swapped or taken from elsewhere does not
 * open, nor does a stream that was cut short or prolonged. Each key is for one image only, so no other nonce is needed.
 *
 * Every chunk has `chunkBytes` of the image but the last one, which has 1 to `chunkBytes`, or none when the image is empty.
 */
export async function* sealChunks(
  aead: Aead,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const { data, nonce } of placed(inChunks(pieces, chunkBytes)))
    yield await aead.seal({ data, nonce, bound });
}

/**
 * The reverse. Gives out each chunk as soon as it is known to be genuine; that the image is whole is known at the end, so
 * keep nothing of it when this rejects, with an `ImageFailure` of kind `damaged`.
 */
export async function* openChunks(
  aead: Aead,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const { data, nonce } of placed(inChunks(pieces, chunkBytes + tagBytes))) {
    const opened = await aead.open({ data, nonce, bound });
    if (opened === null) {
      throw new ImageFailure(
        'damaged',
        'The image was changed on its way or is not whole: ask for it to be sent again.',
      );
    }
    yield opened;
  }
}

/** Bytes of an image that go into one chunk. */
export const chunkBytes: number = 64 * 1024;
/** What each chunk grows by. */
export const tagBytes = 16;

/** Length of the encrypted form of so many bytes. */
export function sealedBytes(bytes: number): number {
  return bytes + tagBytes * Math.max(1, Math.ceil(bytes / chunkBytes));
}

// ---

/** Names this format, so that no key can be made to serve another one. */
const bound: Uint8Array = new TextEncoder().encode('nawaab image 1');

interface Placed {
  readonly data: Uint8Array;
  readonly nonce: Uint8Array;
}

/** Each chunk with its nonce. Looks one chunk ahead, to know the last one. */
async function* placed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Placed, void, void> {
  let place = 0;
  let held: Uint8Array | null = null;
  for await (const chunk of chunks) {
    if (held !== null) yield { data: held, nonce: nonceOf(place++, false) };
    held = chunk;
  }
  yield { data: held ?? new Uint8Array(0), nonce: nonceOf(place, true) };
}

/** Seven zeros, the place from 0 as 32 bits (the high ones first), 1 for the last chunk and 0 for the others. */
function nonceOf(place: number, last: boolean): Uint8Array {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(7, place);
  nonce[11] = Number(last);
  return nonce;
}
