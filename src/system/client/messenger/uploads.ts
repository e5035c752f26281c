import { Problem } from '../../problem.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import { backoffMs } from '../backoff.ts';
import { ImageFailure, type ImageReference, type ImageSource, uploadImage } from '../images/index.ts';
import { isBlobLike } from '../images/source.ts';
import type { Asked, LocalId } from './contract.ts';
import { writeImage } from './image-content.ts';
import {
  type AskedImage,
  type ImageOutcome,
  type MessengerImages,
  messengerImageLimits,
  type SendImageOptions,
} from './image-contract.ts';
import type { ImageParts } from './images.ts';
import { anyOf, createSlots, passingCodes, until } from './transfers.ts';

interface Upload extends SendImageOptions {
  readonly conversation: ConversationId;
  readonly source: ImageSource;
  readonly caption: string;
  readonly queued: PromiseWithResolvers<LocalId | null>;
}

/** Attempts in a row while one is online. */
const attemptsMax = 8;
const retryBaseMs = 1000;
const retryMaxMs = 30_000;
/** Whoever is to come again later than this is told at once. */
const retryAfterMaxMs = 60_000;

/** Uploads images and queues their messages. */
export function createUploads(parts: ImageParts): MessengerImages['sendImage'] {
  const { core, transfers, isOnline } = parts;
  const { clock, random } = core.world;
  const slots = createSlots(messengerImageLimits.uploadsMax);

  return function sendImage(conversation, source, { caption = '', ...options } = {}): AskedImage {
    parts.checkOpen();
    parts.reading.known(conversation);
    parts.ports();
    checkCaption(caption);
    if (slots.size >= messengerImageLimits.imagesWaitingMax) {
      const { imagesWaitingMax } = messengerImageLimits;
      throw new Problem(`${imagesWaitingMax} images wait to be sent already; wait for some, or cancel them.`);
    }
    const queued = Promise.withResolvers<LocalId | null>();
    const outcome = send({ conversation, source, caption, queued, ...options });
    return { queued: queued.promise, outcome };
  };

  async function send(upload: Upload): Promise<ImageOutcome> {
    const asked = await uploadAndAsk(upload).catch((error: unknown) => outcomeOf(error, upload));
    if ('kind' in asked) {
      upload.queued.resolve(null);
      return asked;
    }
    asked.saved.then(
      () => upload.queued.resolve(asked.id),
      () => upload.queued.resolve(null),
    );
    return asked.outcome;
  }

  async function uploadAndAsk(upload: Upload): Promise<Asked & { readonly saved: Promise<void> }> {
    const signal = anyOf(upload.signal, transfers.open);
    const reference = await slots.run(() => untilUploaded(upload, signal), signal);
    signal.throwIfAborted();
    const content = writeImage({ reference, caption: upload.caption }, core.sealing.contentBytesMax);
    return parts.sendContent(upload.conversation, content);
  }

  async function untilUploaded(upload: Upload, signal: AbortSignal): Promise<ImageReference> {
    for (let failures = 0; ; ) {
      if (!isOnline()) {
        failures = 0;
        await transfers.nextOnline(signal);
      }
      try {
        return await attempt(upload, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!isBlobLike(upload.source) || !mayPass(error) || ++failures === attemptsMax) throw error;
        const backoff = backoffMs({ failures, baseMs: retryBaseMs, maxMs: retryMaxMs, random });
        const delayMs = (error.retryAfterMs ?? 0) + backoff;
        await until(signal, (done) => clock.after(delayMs, done));
      }
    }
  }

  function attempt({ conversation, source, onProgress }: Upload, signal: AbortSignal): Promise<ImageReference> {
    const world = { ...parts.servers(), ...parts.ports(), random };
    return uploadImage(world, source, {
      conversation,
      signal: anyOf(signal, transfers.going),
      onProgress: parts.harmless(onProgress),
    });
  }

  function outcomeOf(error: unknown, { signal }: Upload): ImageOutcome {
    if (signal?.aborted) return { kind: 'cancelled' };
    if (transfers.open.aborted)
      return notUploaded('The messenger was closed before the image was uploaded: send it again.');
    if (!(error instanceof ImageFailure)) return notUploaded(error instanceof Error ? error.message : String(error));
    const { kind, code, message: reason } = error;
    if (kind === 'cancelled')
      return notUploaded('The messenger went offline before the image was uploaded: send it again.');
    if (kind === 'refused' || kind === 'damaged') return { kind: 'notUploaded', code: code ?? 'interrupted', reason };
    return { kind: 'notUploaded', code: kind, reason };
  }
}

// ---

/** Whether another attempt may go better: nothing was wrong with the image. */
function mayPass(error: unknown): error is ImageFailure {
  if (!(error instanceof ImageFailure)) return false;
  const { kind, code, retryAfterMs } = error;
  if (kind === 'refused') return passingCodes.has(code) && (retryAfterMs ?? 0) <= retryAfterMaxMs;
  return kind === 'interrupted' || kind === 'cancelled';
}

function notUploaded(reason: string): ImageOutcome {
  return { kind: 'notUploaded', code: 'interrupted', reason };
}

function checkCaption(caption: string): void {
  const { captionCharsMax } = messengerImageLimits;
  if (caption.length <= captionCharsMax) return;
  throw new Problem(
    `The caption has ${caption.length} characters, more than ${captionCharsMax}; send the rest as a message of its own.`,
  );
}
