/** Reads WebSocket frames (RFC 6455, section 5.2) as a client gets them. */

export interface FrameSink {
  /** A whole, unfragmented text frame. */
  text(frame: string): void;
  /**
   * Anything else: control frames, parts of fragmented messages, and whatever breaks the protocol. A copy, and always whole
   * frames, save the beginning of one that is too long to wait for.
   */
  other(bytes: Buffer): void;
}

/**
 * Nearly every frame is a short text that lies wholly within what was read: it becomes a string without a copy or a
 * buffer in between. All others go to `other`, for a parser that knows the whole protocol. The function that is answered
 * takes the first `length` bytes, which may be overwritten afterwards.
 */
export function createFrameReader(sink: FrameSink, frameBytesMax: number): (bytes: Buffer, length: number) => void {
  /** The beginning of a frame whose end has not come. */
  let held: Buffer | null = null;
  let fragmented = false;

  return (bytes, length) => {
    if (held === null) return hold(bytes, readWhole(bytes, length), length);
    const joined = Buffer.concat([held, bytes.subarray(0, length)]);
    hold(joined, readWhole(joined, joined.length), joined.length);
  };

  function hold(bytes: Buffer, from: number, to: number): void {
    held = from === to ? null : Buffer.from(bytes.subarray(from, to));
  }

  /** Answers where the first frame begins that is not whole. */
  function readWhole(bytes: Buffer, length: number): number {
    for (let at = 0; ; ) {
      const bodyAt = bodyStart(bytes, at, length);
      if (bodyAt === incomplete) return at;
      const end = bodyAt + bodyLength(bytes, at);
      if (end - bodyAt > frameBytesMax) {
        sink.other(Buffer.from(bytes.subarray(at, length)));
        return length;
      }
      if (end > length) return at;
      readOne(bytes, at, bodyAt, end);
      at = end;
    }
  }

  function readOne(bytes: Buffer, at: number, bodyAt: number, end: number): void {
    const isPlain = bytes[at] === finalText && bytes[at + 1]! < masked && !fragmented;
    const text = isPlain ? bytes.toString('utf8', bodyAt, end) : replacement;
    if (!text.includes(replacement)) {
      sink.text(text);
      return;
    }
    if ((bytes[at]! & opcodeBits) < firstControl) fragmented = bytes[at]! < finalBit;
    sink.other(Buffer.from(bytes.subarray(at, end)));
  }
}

// ---

/** Stands in a string where the bytes were no UTF-8; it may also have been sent. */
const replacement = '\ufffd';
const finalText = 0x81;
const finalBit = 0x80;
const masked = 0x80;
const opcodeBits = 0x0f;
const firstControl = 0x08;
const incomplete = -1;

/** Where the payload begins, behind flags, length and, of a server that should not, the mask. */
function bodyStart(bytes: Buffer, at: number, length: number): number {
  if (length - at < 2) return incomplete;
  const second = bytes[at + 1]!;
  const short = second & 0x7f;
  const bodyAt = at + 2 + (short < 126 ? 0 : short === 126 ? 2 : 8) + (second < masked ? 0 : 4);
  return bodyAt > length ? incomplete : bodyAt;
}

function bodyLength(bytes: Buffer, at: number): number {
  const short = bytes[at + 1]! & 0x7f;
  if (short < 126) return short;
  return short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
}
