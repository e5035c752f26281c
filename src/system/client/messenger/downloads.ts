import { Problem } from '../../problem.ts';
import type { ConversationId, Seq } from '../../protocol/ids.ts';
import { downloadImage, ImageFailure, type ImageReference, type TransferOptions } from '../images/index.ts';
import { imageIn } from './content.ts';
import { type ImageRead, type MessengerImages, messengerImageLimits } from './image-contract.ts';
import type { ImageParts } from './images.ts';
import { anyOf, createSlots, passingCodes } from './transfers.ts';

/** Fetches images whole: what is handed out has been checked to its end. */
export function createDownloads(parts: ImageParts): MessengerImages['readImage'] {
  const { core, transfers } = parts;
  const slots = createSlots(messengerImageLimits.downloadsMax);

  return async function readImage(conversation, seq, { signal, onProgress } = {}): Promise<ImageRead> {
    parts.checkOpen();
    parts.reading.known(conversation);
    parts.ports();
    const reference = await referenceAt(conversation, seq);
    if ((core.session()?.state ?? 'offline') === 'offline') return offline('The messenger is offline: start it.');
    const either = anyOf(signal, transfers.open, transfers.going);
    const options = { signal: either, onProgress: parts.harmless(onProgress) };
    try {
      return await slots.run(() => fetched(reference, options), either);
    } catch (error) {
      if (signal?.aborted) return { kind: 'cancelled', reason: 'The download of the image was cancelled.' };
      return either.aborted
        ? offline('The messenger went offline: start it, and fetch the image again.')
        : readOf(error);
    }
  };

  async function referenceAt(conversation: ConversationId, seq: Seq): Promise<ImageReference> {
    const [entry] = await core.database.page({ conversation, after: (seq - 1) as Seq, limit: 1 });
    const reference = entry?.seq === seq ? imageIn(entry) : null;
    if (reference !== null) return reference;
    throw new Problem(
      `Entry ${seq} of conversation ${conversation} is not here or has no image; history() lists those whose content is of kind "image".`,
    );
  }

  async function fetched(reference: ImageReference, options: TransferOptions): Promise<ImageRead> {
    const {
      pieces,
      bytes: length,
      ...inspected
    } = await downloadImage({ ...parts.servers(), ...parts.ports() }, reference, options);
    const bytes = new Uint8Array(length);
    let at = 0;
    for await (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return { kind: 'image', ...inspected, bytes };
  }
}

// ---

function offline(reason: string): ImageRead {
  return { kind: 'offline', reason };
}

function readOf(error: unknown): ImageRead {
  if (!(error instanceof ImageFailure)) throw error;
  const { kind, code, message: reason } = error;
  if (kind === 'interrupted' || (kind === 'refused' && passingCodes.has(code))) return offline(reason);
  if (kind !== 'refused') return { kind: 'damaged', reason };
  if (code !== 'unknownPath') return { kind: 'refused', reason };
  return {
    kind: 'gone',
    reason:
      'The servers keep this image no longer, or this user is no member of the conversation: ask for it to be sent again.',
  };
}
