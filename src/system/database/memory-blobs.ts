import type { EpochMs } from '../ports.ts';
import type { BlobId, ConversationId, UserId } from '../protocol/ids.ts';
import {
  type BlobAllowance,
  type BlobBegun,
  type BlobChunk,
  type BlobExpiry,
  type BlobStore,
  type BlobUpload,
  emptied,
  type FinishedBlob,
  roomAfterMs,
  type StoredBlob,
} from './blob-store.ts';

interface Blob {
  readonly conversation: ConversationId;
  readonly user: UserId;
  readonly begunAt: EpochMs;
  readonly reservedBytes: number;
  readonly chunks: Uint8Array[];
  /** Null while it is unfinished. */
  finished: (StoredBlob & { readonly at: EpochMs }) | null;
}

/** The same calls, answered at once. */
export type MemoryBlobs = {
  readonly [name in keyof BlobStore]: (...args: Parameters<BlobStore[name]>) => Awaited<ReturnType<BlobStore[name]>>;
};

/** The part of the memory store that holds blobs. */
export function createMemoryBlobs(isMember: (user: UserId, conversation: ConversationId) => boolean): MemoryBlobs {
  const blobs = new Map<BlobId, Blob>();
  const allowances = new Map<UserId, BlobAllowance>();

  return { begin, append, finish, abandon, find, read, expire };

  function begin(upload: BlobUpload): BlobBegun {
    const { blob, conversation, user, at, reserveBytes, bytesPerDay } = upload;
    if (!isMember(user, conversation)) return { kind: 'notMember' };
    const usedBytes = emptied(allowances.get(user) ?? { usedBytes: 0, at }, at, bytesPerDay);
    if (usedBytes + reserveBytes > bytesPerDay) {
      return { kind: 'tooMany', retryAfterMs: roomAfterMs(usedBytes, upload) };
    }
    allowances.set(user, { usedBytes: usedBytes + reserveBytes, at });
    blobs.set(blob, { conversation, user, begunAt: at, reservedBytes: reserveBytes, chunks: [], finished: null });
    return { kind: 'begun' };
  }

  function append({ blob, place, data }: BlobChunk): boolean {
    const found = unfinished(blob);
    if (found === null) return false;
    found.chunks[place] = data.slice();
    return true;
  }

  function finish({ blob, bytes, sha256, at }: FinishedBlob): boolean {
    const found = unfinished(blob);
    if (found === null || !isMember(found.user, found.conversation)) return false;
    found.finished = { bytes, sha256: sha256.slice(), at };
    giveBack(found, bytes);
    return true;
  }

  function abandon(blob: BlobId, usedBytes: number): void {
    const found = unfinished(blob);
    if (found === null) return;
    blobs.delete(blob);
    giveBack(found, usedBytes);
  }

  function find(blob: BlobId, user: UserId): StoredBlob | null {
    return readable(blob, user)?.finished ?? null;
  }

  function read({ blob, place, user }: Parameters<BlobStore['read']>[0]): Uint8Array | null {
    const found = readable(blob, user);
    return found?.finished ? (found.chunks[place] ?? null) : null;
  }

  function expire({ finishedBefore, begunBefore, limit }: BlobExpiry): number {
    const old = [...blobs].filter(([, { finished, begunAt }]) =>
      finished === null ? begunAt < begunBefore : finished.at < finishedBefore,
    );
    for (const [id] of old.slice(0, limit)) blobs.delete(id);
    return Math.min(old.length, limit);
  }

  function unfinished(blob: BlobId): Blob | null {
    const found = blobs.get(blob);
    return found?.finished === null ? found : null;
  }

  function readable(blob: BlobId, user: UserId): Blob | null {
    const found = blobs.get(blob);
    return found !== undefined && isMember(user, found.conversation) ? found : null;
  }

  function giveBack({ user, reservedBytes }: Blob, usedBytes: number): void {
    const own = allowances.get(user)!;
    allowances.set(user, { ...own, usedBytes: Math.max(0, own.usedBytes - (reservedBytes - usedBytes)) });
  }
}
