/** Images of the simulated users: PNG by their first bytes, seeded noise behind, each different from all others. */
import type { Random } from '../../system/index.ts';

export interface ImageMaker {
  /** The bytes of image `index` of a run; the same however often they are asked for. */
  pieces(index: number, bytes: number): AsyncIterable<Uint8Array>;
}

export function createImageMaker(random: Random): ImageMaker {
  const pool = random.bytes(poolBytes);
  return {
    async *pieces(index, bytes) {
      yield headOf(index);
      let place = (index * 7919) % poolBytes;
      for (let left = bytes - headBytes; left > 0; ) {
        const piece = pool.subarray(place, Math.min(poolBytes, place + left));
        yield piece;
        left -= piece.length;
        place = 0;
      }
    },
  };
}

// ---

const poolBytes = 65_536;
const headBytes = 33;
const side = 1024;

/** Signature and header of PNG, and the image's number where the header's checksum would be. */
function headOf(index: number): Uint8Array {
  const head = new Uint8Array(headBytes);
  head.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  const view = new DataView(head.buffer);
  view.setUint32(16, side);
  view.setUint32(20, side);
  head.set([8, 2], 24);
  view.setUint32(29, index);
  return head;
}
