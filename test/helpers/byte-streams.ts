import type { ByteStream } from '../../src/system/ports.ts';

/** Bytes in these pieces, with a length that is told or not; counts the pieces that were asked for. */
export function streamOf(pieces: readonly Uint8Array[], told = true): ByteStream & { readonly asked: number } {
  let asked = 0;
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return {
    length: told ? length : null,
    pieces: (async function* () {
      for (const piece of pieces) {
        asked++;
        yield piece;
      }
    })(),
    get asked() {
      return asked;
    },
  };
}

export async function allBytes(stream: ByteStream | AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  if (stream === undefined) throw new Error('there is no stream');
  for await (const piece of 'pieces' in stream ? stream.pieces : stream) pieces.push(piece.slice());
  return Buffer.concat(pieces);
}

/** `length` bytes that repeat at no chunk's size; the same for the same seed. */
export function pattern(length: number, seed = 1): Uint8Array {
  let state = seed;
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** Cuts bytes at these places, given as shares of the length; some pieces may be empty. */
export function cutAt(bytes: Uint8Array, shares: readonly number[]): readonly Uint8Array[] {
  const places = [...shares.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b), bytes.length];
  return places.map((to, index) => bytes.subarray(index === 0 ? 0 : places[index - 1], to));
}
