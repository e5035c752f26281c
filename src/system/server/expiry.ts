import { type Ground, logFailure, pause, repeat } from './ground.ts';

/** Deletes messages and blobs that have waited longer than `expiryMs`, in small batches with pauses, so that writers go on. */
export function startExpiry(ground: Ground): void {
  const { clock, settings, store } = ground;
  const { expiryMs, expiryBatch, blobUnfinishedMs, blobExpiryBatch } = settings;

  const expireMessages = () => store.expire(clock.wall() - expiryMs, expiryBatch);
  const expireBlobs = () =>
    store.blobs.expire({
      finishedBefore: clock.wall() - expiryMs,
      begunBefore: clock.wall() - blobUnfinishedMs,
      limit: blobExpiryBatch,
    });

  repeat(ground, settings.expiryEveryMs, async () => {
    try {
      while ((await expireMessages()) >= expiryBatch) await pause(clock, betweenBatchesMs);
      while ((await expireBlobs()) >= blobExpiryBatch) await pause(clock, betweenBatchesMs);
    } catch (error) {
      logFailure(ground, 'What has expired could not be deleted; it is tried again.', error);
    }
  });
}

// ---

const betweenBatchesMs = 50;
