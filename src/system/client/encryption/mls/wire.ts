import { decodeMlsMessage, encodeMlsMessage, type MlsMessageContent } from 'ts-mls/message.js';
import { CodecError } from 'ts-mls/mlsError.js';
import { fromBase64url, toBase64url } from '../../../base64url.ts';
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
  const decoded = bytes === null ? undefined : decode(bytes);
  if (bytes === null || decoded === undefined || decoded[1] !== bytes.length || decoded[0].wireformat !== format) {
    throw new EncryptionProblem('malformed', `These ${text.length} characters are no ${format} of MLS 1.0.`);
  }
  return decoded[0] as MlsMessageContent as Extract<MlsMessageContent, { wireformat: Format }>;
}

/** Why an operation of ts-mls failed on bytes of others. Only our own problems are told apart further. */
export function problemOf(error: unknown): EncryptionProblem {
  if (error instanceof EncryptionProblem) return error;
  const reason: Trouble = error instanceof CodecError ? 'malformed' : 'forged';
  return new EncryptionProblem(reason, error instanceof Error ? error.message : String(error), { cause: error });
}

// ---

function decode(bytes: Uint8Array): ReturnType<typeof decodeMlsMessage> {
  try {
    return decodeMlsMessage(bytes, 0);
  } catch {
    return undefined;
  }
}
