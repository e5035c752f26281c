import type { ByteStream } from '../../../system/index.ts';

/**
 * The same request or answer with its bytes, if it has any, gathered: over a virtual cable they travel as one packet of
 * their size. They are limited by what the system takes.
 */
export async function inOnePiece<T extends { readonly bytes?: ByteStream }>(message: T): Promise<T> {
  const pieces: Uint8Array[] = [];
  for await (const piece of message.bytes?.pieces ?? []) pieces.push(piece.slice());
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return { ...message, bytes: { length, pieces: all(pieces) } };
}

// ---

async function* all(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, void> {
  yield* pieces;
}
