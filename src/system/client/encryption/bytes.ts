/** Several byte strings as one: each with its length in four bytes before it. For what a device stores of its own. */

export function pack(kind: number, parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + lengthBytes + part.length, kindBytes));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, kind);
  let at = kindBytes;
  for (const part of parts) {
    view.setUint32(at, part.length);
    bytes.set(part, at + lengthBytes);
    at += lengthBytes + part.length;
  }
  return bytes;
}

/** The parts, as views of the bytes. Throws when the bytes are not `count` parts of that kind. */
export function unpack(kind: number, bytes: Uint8Array, count: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let at = kindBytes;
  while (bytes.length >= at + lengthBytes && parts.length < count) {
    const end = at + lengthBytes + view.getUint32(at);
    if (end > bytes.length) break;
    parts.push(bytes.subarray(at + lengthBytes, end));
    at = end;
  }
  if (bytes.length < kindBytes || view.getUint16(0) !== kind || parts.length !== count || at !== bytes.length) {
    throw new Error(
      `These ${bytes.length} bytes are not stored keys of kind ${kind}: use what was exported, unchanged.`,
    );
  }
  return parts;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

// ---

const kindBytes = 2;
const lengthBytes = 4;
