import { fromBase64url, toBase64url } from '../../../base64url.ts';
import { EncryptionProblem } from '../contract.ts';
import { groupIdBytes, messageBytes, paddedBytesMin, senderDataBytes, tagBytes, vectorBytes } from '../sizes.ts';
import { mask, type Seed } from './stream.ts';

/** What stands where a real message has the sender's data and the ciphertext. */
export interface ModelledMessage {
  readonly groupId: Uint8Array;
  readonly epoch: bigint;
  /** The sender's place in the group. */
  readonly sender: number;
  /** Counts the sender's messages of the epoch. */
  readonly generation: number;
  readonly plaintext: Uint8Array;
}

/** Text in the form of a private message of MLS (RFC 9420 §6.3), of the same length as a real one. */
export function writePayload(message: ModelledMessage, seed: Seed): string {
  const { groupId, epoch, sender, generation, plaintext } = message;
  const bytes = new Uint8Array(messageBytes(plaintext.length));
  const view = new DataView(bytes.buffer);
  bytes.set(form, 0);
  bytes.set(groupId, groupIdAt);
  view.setBigUint64(epochAt, epoch);
  bytes.set(afterEpoch, afterEpochAt);
  view.setUint32(seedAt, seed.low);
  view.setUint32(seedAt + 4, seed.high);
  view.setUint32(hiddenAt, sender);
  view.setUint32(hiddenAt + 4, generation);
  const contentAt = ciphertextAt + writeLength(view, ciphertextAt, ciphertextBytes(plaintext.length));
  bytes.set(plaintext, contentAt + writeLength(view, contentAt, plaintext.length));
  mask(bytes.subarray(hiddenAt, ciphertextAt), seed);
  mask(bytes.subarray(contentAt), seed);
  return toBase64url(bytes);
}

/** Throws `malformed` for anything else. */
export function readPayload(text: string): ModelledMessage {
  const bytes = fromBase64url(text);
  const read = bytes === null ? null : parse(bytes);
  if (read === null)
    throw new EncryptionProblem('malformed', `These ${text.length} characters are no modelled message.`);
  return read;
}

// ---

/** MLS 1.0, a private message, and the length of the group's id. */
const form = Uint8Array.of(0, 1, 0, 2, groupIdBytes);
/** An application message, without associated data; then the length of the sender's data. */
const afterEpoch = Uint8Array.of(1, 0, senderDataBytes);
const groupIdAt = form.length;
const epochAt = groupIdAt + groupIdBytes;
const afterEpochAt = epochAt + 8;
const seedAt = afterEpochAt + afterEpoch.length;
const hiddenAt = seedAt + 8;
const ciphertextAt = seedAt + senderDataBytes;

function ciphertextBytes(plaintextBytes: number): number {
  return Math.max(vectorBytes(plaintextBytes) + vectorBytes(64), paddedBytesMin) + tagBytes;
}

function parse(bytes: Uint8Array): ModelledMessage | null {
  if (bytes.length < messageBytes(0) || !startsWith(bytes, 0, form)) return null;
  if (!startsWith(bytes, afterEpochAt, afterEpoch)) return null;
  const view = new DataView(bytes.buffer);
  const seed = { low: view.getInt32(seedAt), high: view.getInt32(seedAt + 4) };
  const outer = readLength(view, ciphertextAt);
  const contentAt = ciphertextAt + outer.bytes;
  mask(bytes.subarray(hiddenAt, ciphertextAt), seed);
  mask(bytes.subarray(contentAt), seed);
  const inner = readLength(view, contentAt);
  if (messageBytes(inner.length) !== bytes.length || contentAt + outer.length !== bytes.length) return null;
  return {
    groupId: bytes.subarray(groupIdAt, epochAt),
    epoch: view.getBigUint64(epochAt),
    sender: view.getUint32(hiddenAt),
    generation: view.getUint32(hiddenAt + 4),
    plaintext: bytes.slice(contentAt + inner.bytes, contentAt + inner.bytes + inner.length),
  };
}

function startsWith(bytes: Uint8Array, from: number, start: Uint8Array): boolean {
  return start.every((byte, at) => bytes[from + at] === byte);
}

/** A length as MLS writes it (RFC 9420 §2.1.2); answers how many bytes it took. */
function writeLength(view: DataView, at: number, length: number): number {
  const bytes = vectorBytes(length) - length;
  if (bytes === 1) view.setUint8(at, length);
  else if (bytes === 2) view.setUint16(at, length | 0x4000);
  else view.setUint32(at, (length | 0x80000000) >>> 0);
  return bytes;
}

function readLength(view: DataView, at: number): { readonly length: number; readonly bytes: number } {
  const kind = view.getUint8(at) >> 6;
  if (kind === 0) return { length: view.getUint8(at), bytes: 1 };
  if (kind === 1) return { length: view.getUint16(at) & 0x3fff, bytes: 2 };
  return { length: view.getUint32(at) & 0x3fffffff, bytes: 4 };
}
