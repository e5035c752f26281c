/**
 * Arrays in PostgreSQL's binary form. As text every number and every payload would be quoted and scanned: for a message of
 * a batch that takes this process 3.3 µs instead of 0.6.
 */

/** `bigint[]` of safe integers. */
export function bigints(values: readonly number[]): Buffer {
  const array = Buffer.allocUnsafe(headerBytes + values.length * 12);
  let offset = writeHeader(array, { elementType: 20, length: values.length });
  for (const value of values) {
    offset = array.writeInt32BE(8, offset);
    offset = array.writeInt32BE(Math.floor(value / 2 ** 32), offset);
    offset = array.writeUInt32BE(value >>> 0, offset);
  }
  return array;
}

/** `text[]`. */
export function texts(values: readonly string[]): Buffer {
  const lengths = values.map((value) => Buffer.byteLength(value));
  const bytes = lengths.reduce((sum, length) => sum + 4 + length, headerBytes);
  const array = Buffer.allocUnsafe(bytes);
  let offset = writeHeader(array, { elementType: 25, length: values.length });
  for (const [index, value] of values.entries()) {
    offset = array.writeInt32BE(lengths[index]!, offset);
    offset += array.write(value, offset);
  }
  return array;
}

// ---

const headerBytes = 20;

/** One dimension, no nulls, subscripts from 1. Answers the offset of the first element. */
function writeHeader(array: Buffer, { elementType, length }: { elementType: number; length: number }): number {
  array.writeInt32BE(1, 0);
  array.writeInt32BE(0, 4);
  array.writeInt32BE(elementType, 8);
  array.writeInt32BE(length, 12);
  return array.writeInt32BE(1, 16);
}
