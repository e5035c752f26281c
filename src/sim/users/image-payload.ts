/** Messages with an image: which one of the trace it is, and the reference that opens it. */
import { type ImageReference, imageReference } from '../../system/index.ts';

export interface ImageMessage {
  readonly image: number;
  readonly reference: ImageReference;
}

export function imagePayload(message: ImageMessage): string {
  return mark + Buffer.from(JSON.stringify(message)).toString('base64url');
}

/** Null when it is a message of another kind. */
export function readImagePayload(payload: string): ImageMessage | null {
  if (!isImagePayload(payload)) return null;
  const { image, reference } = JSON.parse(Buffer.from(payload.slice(mark.length), 'base64url').toString());
  return { image, reference: imageReference.parse(reference) };
}

export function isImagePayload(payload: string): boolean {
  return payload.startsWith(mark);
}

// ---

/** As long as the tag of a run, which has no capitals. */
const mark = 'IMAGE---';
