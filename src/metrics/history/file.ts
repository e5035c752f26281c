/** The frame around chunks in a file: a header line, then for each chunk its sizes, checksum and compressed bytes. */
import { promisify } from 'node:util';
import { constants, crc32, zstdCompress, zstdDecompress } from 'node:zlib';
import { type Vocabulary, vocabulary } from './codec.ts';
import { eventKinds, eventOps } from './event.ts';

/** One JSON line of fixed length at the start of every file. */
export const headerBytes = 1024;
const format = 'nawaab-history';
const schema = 1;

export function encodeHeader(): Buffer {
  const text = JSON.stringify({ format, schema, ...vocabulary });
  if (text.length >= headerBytes)
    throw new Error(`The header of a history has ${text.length} bytes, over ${headerBytes}.`);
  return Buffer.from(`${text.padEnd(headerBytes - 1)}\n`);
}

/** Throws one sentence when the file is no history, or one of a newer version. */
export function decodeHeader(bytes: Uint8Array, path: string): Vocabulary {
  const header = parseHeader(bytes);
  if (header?.format !== format)
    throw new Error(`${path} is not a recorded history: it does not begin with its header.`);
  const unknown = [
    ...header.kinds.filter((kind) => !eventKinds.includes(kind)),
    ...header.ops.filter((op) => !eventOps.includes(op)),
  ];
  if (header.schema > schema || unknown.length > 0) {
    throw new Error(
      `${path} was recorded by a newer version (schema ${header.schema}${unknown.map((name) => `, "${name}"`).join('')}); read it with that version.`,
    );
  }
  return header;
}

export interface FrameHead {
  readonly events: number;
  readonly packedBytes: number;
  readonly checksum: number;
}
export const frameHeadBytes = 16;
const frameMark = 0x4b4e4843;

export async function encodeFrame(chunk: Uint8Array, events: number): Promise<Buffer> {
  const packed = await compress(chunk, { params: { [constants.ZSTD_c_compressionLevel]: compressionLevel } });
  const head = Buffer.alloc(frameHeadBytes);
  head.writeUInt32LE(frameMark, 0);
  head.writeUInt32LE(events, 4);
  head.writeUInt32LE(packed.length, 8);
  head.writeUInt32LE(crc32(packed), 12);
  return Buffer.concat([head, packed]);
}

/** Null when these bytes are not the whole head of a frame. */
export function decodeFrameHead(bytes: Buffer): FrameHead | null {
  if (bytes.length < frameHeadBytes || bytes.readUInt32LE(0) !== frameMark) return null;
  return { events: bytes.readUInt32LE(4), packedBytes: bytes.readUInt32LE(8), checksum: bytes.readUInt32LE(12) };
}

/** Null when the bytes are cut short or damaged. */
export async function decodeFrameBody(head: FrameHead, packed: Uint8Array): Promise<Uint8Array | null> {
  if (packed.length < head.packedBytes || crc32(packed) !== head.checksum) return null;
  return decompress(packed);
}

// ---

/** The fastest level: higher ones cost three times the time for a tenth of the size. */
const compressionLevel = 1;
const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

function parseHeader(bytes: Uint8Array): (Vocabulary & { format: string; schema: number }) | null {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
