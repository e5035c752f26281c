import { type Ground, logFailure, pause, repeat } from './ground.ts';

/** Deletes messages, blobs and key bundles that have waited longer than `expiryMs`, in small batches with pauses, so that writers go on. */
export function startExpiry(ground: Ground): void {
  const { clock, settings, store } = ground;
  const { expiryMs, expiryBatch, blobUnfinishedMs, blobExpiryBatch, keyBundleWaitMs, keyExpiryBatch } = settings;

  const expireMessages = () => store.expire(clock.wall() - expiryMs, expiryBatch);
  const expireBlobs = () =>
    store.blobs.expire({
      finishedBefore: clock.wall() - expiryMs,
      begunBefore: clock.wall() - blobUnfinishedMs,
      limit: blobExpiryBatch,
    });
  const expireBundles = () =>
    store.keys.expireBundles({
      before: clock.wall() - expiryMs,
      waitingBefore: clock.wall() - keyBundleWaitMs,
      limit: keyExpiryBatch,
    });

  repeat(ground, settings.expiryEveryMs, async () => {
    try {
      while ((await expireMessages()) >= expiryBatch) await pause(clock, betweenBatchesMs);
      while ((await expireBlobs()) >= blobExpiryBatch) await pause(clock, betweenBatchesMs);
      while ((await expireBundles()) >= keyExpiryBatch) await pause(clock, betweenBatchesMs);
    } catch (error) {
      logFailure(ground, 'What has expired could not be deleted; it is tried again.', error);
    }
  });
}

// ---

const betweenBatchesMs = 50;
