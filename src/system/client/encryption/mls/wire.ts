import { decodeMlsMessage, encodeMlsMessage, type MlsMessageContent } from 'ts-mls/message.js';
import { CodecError } from 'ts-mls/mlsError.js';
import { decodeRatchetTree, encodeRatchetTree, type RatchetTree } from 'ts-mls/ratchetTree.js';
import { fromBase64url, toBase64url } from '../../../base64url.ts';
import { equalBytes, pack, unpack } from '../bytes.ts';
import { EncryptionProblem, type Trouble } from '../contract.ts';

type WireFormat = MlsMessageContent['wireformat'];

/** An MLS message as text for the server. */
export function writeMessage(content: MlsMessageContent): string {
  return toBase64url(encodeMlsMessage({ version: 'mls10', ...content }));
}

/** A message of the wanted kind. Throws `malformed` for anything else, and for bytes that follow it. */
export function readMessage<Format extends WireFormat>(
  text: string,
  format: Format,
): Extract<MlsMessageContent, { wireformat: Format }> {
  const bytes = fromBase64url(text);
  const content = bytes && asMessage(bytes, format);
  if (!content) throw noSuch(text, format);
  return content;
}

/**
 * A message for those who come, with the group's tree beside it, as RFC 9420, section 12.4.3.3 allows. What the message has
 * signed says which tree it is.
 */
export function writeWithTree(content: MlsMessageContent, tree: RatchetTree): string {
  return toBase64url(pack(treeKind, [encodeMlsMessage({ version: 'mls10', ...content }), encodeRatchetTree(tree)]));
}

/** Throws `malformed` as `readMessage` does. */
export function readWithTree<Format extends WireFormat>(
  text: string,
  format: Format,
): { readonly content: Extract<MlsMessageContent, { wireformat: Format }>; readonly tree: RatchetTree } {
  const parts = partsOf(text);
  const content = parts && asMessage(parts[0]!, format);
  const tree = parts && wholeTree(parts[1]!);
  if (!content || !tree) throw noSuch(text, `${format} with a tree`);
  return { content, tree };
}

/** Why an operation of ts-mls failed on bytes of others. Only our own problems are told apart further. */
export function problemOf(error: unknown): EncryptionProblem {
  if (error instanceof EncryptionProblem) return error;
  const reason: Trouble = error instanceof CodecError ? 'malformed' : 'forged';
  return new EncryptionProblem(reason, error instanceof Error ? error.message : String(error), { cause: error });
}

// ---

/** Kind of the bytes of a message with a tree. */
const treeKind = 0x5452;

function asMessage<Format extends WireFormat>(
  bytes: Uint8Array,
  format: Format,
): Extract<MlsMessageContent, { wireformat: Format }> | null {
  const decoded = attempt(() => decodeMlsMessage(bytes, 0));
  if (!decoded || decoded[1] !== bytes.length || decoded[0].wireformat !== format) return null;
  return decoded[0] as MlsMessageContent as Extract<MlsMessageContent, { wireformat: Format }>;
}

/** Only as it is written: nothing but the tree itself is protected by what is signed. */
function wholeTree(bytes: Uint8Array): RatchetTree | null {
  const tree = attempt(() => decodeRatchetTree(bytes, 0)?.[0]);
  return tree && equalBytes(encodeRatchetTree(tree), bytes) ? tree : null;
}

function partsOf(text: string): readonly Uint8Array[] | null {
  const bytes = fromBase64url(text);
  return bytes && (attempt(() => unpack(treeKind, bytes, 2)) ?? null);
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function noSuch(text: string, what: string): EncryptionProblem {
  return new EncryptionProblem('malformed', `These ${text.length} characters are no ${what} of MLS 1.0.`);
}
