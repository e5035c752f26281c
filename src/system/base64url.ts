/** Base64url without padding (RFC 4648 §5): how bytes travel in frames and bodies. */

export function toBase64url(bytes: Uint8Array): string {
  const chars = new Uint8Array(base64urlChars(bytes.length));
  let to = 0;
  for (let from = 0; from < bytes.length; from += 3) {
    const word = (bytes[from]! << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0);
    chars[to++] = codes[word >> 18]!;
    chars[to++] = codes[(word >> 12) & 63]!;
    if (to < chars.length) chars[to++] = codes[(word >> 6) & 63]!;
    if (to < chars.length) chars[to++] = codes[word & 63]!;
  }
  return decoder.decode(chars);
}

/** Null when the text is not base64url in its one proper form, so that no two texts mean the same bytes. */
export function fromBase64url(text: string): Uint8Array | null {
  const remainder = text.length % 4;
  if (remainder === 1) return null;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let to = 0;
  for (let from = 0; from < text.length; from += 4) {
    const word =
      (value(text, from) << 18) | (value(text, from + 1) << 12) | (value(text, from + 2) << 6) | value(text, from + 3);
    if (word < 0) return null;
    bytes[to++] = word >> 16;
    if (to < bytes.length) bytes[to++] = (word >> 8) & 255;
    if (to < bytes.length) bytes[to++] = word & 255;
  }
  const spare = remainder === 2 ? 15 : remainder === 3 ? 3 : 0;
  return (value(text, text.length - 1) & spare) === 0 ? bytes : null;
}

/** Characters of so many bytes. */
export function base64urlChars(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

// ---

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const codes = Uint8Array.from(alphabet, (char) => char.charCodeAt(0));
const values = new Int8Array(128).fill(-1);
for (const [index, code] of codes.entries()) values[code] = index;
const decoder = new TextDecoder();

/** Below zero for a character outside the alphabet; zero beyond the end. */
function value(text: string, at: number): number {
  if (at >= text.length || at < 0) return 0;
  return values[text.charCodeAt(at)] ?? -1;
}
