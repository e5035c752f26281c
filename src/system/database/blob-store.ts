import type { EpochMs, Ms } from '../ports.ts';
import type { BlobId, ConversationId, UserId } from '../protocol/ids.ts';

/**
 * Where encrypted images are kept: opaque bytes in chunks, each blob belonging to one conversation. Part of the `Store`, for
 * who may read is decided by its memberships; the same failures, the same contract suite.
 *
 * The order of calls: `begin`, `append` for the chunks 0, 1, 2 …, then `finish`, or `abandon`. Nobody sees a blob before it is
 * finished. What was begun by a server that died is left to `expire`.
 */
export interface BlobStore {
  /** Makes an unfinished blob and takes `reserveBytes` from what its uploader may upload in a day. */
  begin(upload: BlobUpload): Promise<BlobBegun>;
  /** False when there is no such unfinished blob any more; then nothing was written. */
  append(chunk: BlobChunk): Promise<boolean>;
  /**
   * Makes the blob readable, and gives back what was reserved and not used. False, and nothing done, when its uploader is no
   * member any more, or when there is no such unfinished blob.
   */
  finish(blob: FinishedBlob): Promise<boolean>;
  /** Deletes an unfinished blob, if there is one, and gives back what was reserved but for `usedBytes`. */
  abandon(blob: BlobId, usedBytes: number): Promise<void>;
  /** Null unless the blob is finished and `user` is a member of its conversation now. */
  find(blob: BlobId, user: UserId): Promise<StoredBlob | null>;
  /** One chunk, under the same conditions; null beyond the last one too. */
  read(chunk: { readonly blob: BlobId; readonly place: number; readonly user: UserId }): Promise<Uint8Array | null>;
  /** Deletes at most `limit` blobs that are too old, with their chunks; answers how many. */
  expire(which: BlobExpiry): Promise<number>;
}

export interface BlobUpload {
  readonly blob: BlobId;
  readonly conversation: ConversationId;
  readonly user: UserId;
  readonly at: EpochMs;
  readonly reserveBytes: number;
  /** What one user may upload in a day, at least `reserveBytes`: a bucket of this size that empties evenly within a day. */
  readonly bytesPerDay: number;
}

export type BlobBegun =
  | { readonly kind: 'begun' }
  | { readonly kind: 'notMember' }
  /** The day's bytes are used up; enough will be free after `retryAfterMs`. */
  | { readonly kind: 'tooMany'; readonly retryAfterMs: Ms };

export interface BlobChunk {
  readonly blob: BlobId;
  readonly place: number;
  readonly data: Uint8Array;
}

export interface FinishedBlob {
  readonly blob: BlobId;
  readonly bytes: number;
  readonly sha256: Uint8Array;
  readonly at: EpochMs;
}

export interface StoredBlob {
  readonly bytes: number;
  readonly sha256: Uint8Array;
}

export interface BlobExpiry {
  /** Finished ones that were finished before this. */
  readonly finishedBefore: EpochMs;
  /** Unfinished ones that were begun before this. */
  readonly begunBefore: EpochMs;
  readonly limit: number;
}

/** What a user has uploaded of late. */
export interface BlobAllowance {
  readonly usedBytes: number;
  readonly at: EpochMs;
}

export const dayMs: Ms = 24 * 60 * 60 * 1000;

/** What is left of it later, when it empties evenly at `bytesPerDay`. */
export function emptied({ usedBytes, at }: BlobAllowance, now: EpochMs, bytesPerDay: number): number {
  return Math.max(0, usedBytes - (Math.max(0, now - at) * bytesPerDay) / dayMs);
}

/** How long until `reserveBytes` fit. */
export function roomAfterMs(usedBytes: number, { reserveBytes, bytesPerDay }: BlobUpload): Ms {
  return Math.max(1, Math.ceil(((usedBytes + reserveBytes - bytesPerDay) * dayMs) / bytesPerDay));
}
