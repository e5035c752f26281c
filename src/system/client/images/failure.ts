import type { Ms } from '../../ports.ts';
import type { ErrorCode } from '../../protocol/errors.ts';

/**
 * `unsupported`: no image of a kind that is known, or one that nobody should decode. `tooLarge`: over a limit.
 * `unreadable`: the source failed. `cancelled`: by one's own signal. `interrupted`: the connection failed; nothing is left,
 * it may be tried again. `refused`: by the server, with `code`. `damaged`: what arrived is not what was sent.
 */
export type ImageFailureKind =
  | 'unsupported'
  | 'tooLarge'
  | 'unreadable'
  | 'cancelled'
  | 'interrupted'
  | 'refused'
  | 'damaged';

/** Why an image was not sent or not received, in a sentence for people. */
export class ImageFailure extends Error {
  readonly kind: ImageFailureKind;
  /** Of the server. */
  readonly code: ErrorCode | null;
  readonly retryAfterMs: Ms | null;
  constructor(
    kind: ImageFailureKind,
    message: string,
    more: { readonly code?: ErrorCode; readonly retryAfterMs?: Ms | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = 'ImageFailure';
    this.kind = kind;
    this.code = more.code ?? null;
    this.retryAfterMs = more.retryAfterMs ?? null;
  }
}
