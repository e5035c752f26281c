/** Sizes of what MLS makes, in bytes, from RFC 9420 and the settings here. */
import { limits } from '../../protocol/limits.ts';

/** Length of a group's id. */
export const groupIdBytes = 16;
/** Shorter contents are filled up to this, so that the length of a short message tells nothing. */
export const paddedBytesMin = 256;

/** A private message (RFC 9420 §6.3) that carries so many bytes. Neither the group nor the sender changes it. */
export function messageBytes(plaintextBytes: number): number {
  const content = vectorBytes(plaintextBytes) + vectorBytes(signatureBytes);
  const ciphertext = Math.max(content, paddedBytesMin) + tagBytes;
  return headBytes + vectorBytes(ciphertext);
}

/** A vector of so many bytes with its length before it (RFC 9420 §2.1.2). */
export function vectorBytes(bytes: number): number {
  return (bytes < 2 ** 6 ? 1 : bytes < 2 ** 14 ? 2 : 4) + bytes;
}

export const signatureBytes = 64;
export const tagBytes = 16;
/** Leaf index, generation and reuse guard, encrypted. */
export const senderDataBytes = 12 + tagBytes;

// ---

const versionBytes = 2;
const wireFormatBytes = 2;
const epochBytes = 8;
const contentTypeBytes = 1;
const headBytes =
  versionBytes +
  wireFormatBytes +
  vectorBytes(groupIdBytes) +
  epochBytes +
  contentTypeBytes +
  vectorBytes(0) +
  vectorBytes(senderDataBytes);

const payloadBytesMax = Math.floor((limits.payloadCharsMax * 3) / 4);

/** The longest plaintext whose message still is a payload. */
export const plaintextBytesMax = 2 * payloadBytesMax - messageBytes(payloadBytesMax);
