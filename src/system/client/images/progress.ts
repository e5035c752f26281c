import { ImageFailure } from './failure.ts';

export interface ImageProgress {
  /** Bytes of the image that are done. */
  readonly bytes: number;
  /** Null when nobody knows. */
  readonly total: number | null;
}

export interface TransferOptions {
  /** Called for each chunk, in order; must not throw. */
  readonly onProgress?: ((progress: ImageProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Any error as an `ImageFailure`: one's own stays, a cancelled signal tells more than what it made happen. */
export function failureOf(error: unknown, signal: AbortSignal | undefined, what: string): ImageFailure {
  if (signal?.aborted) return new ImageFailure('cancelled', `${what} was cancelled.`, { cause: error });
  if (error instanceof ImageFailure) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new ImageFailure('interrupted', `${what} was interrupted (${reason}): try it again.`, { cause: error });
}
