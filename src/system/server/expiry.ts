import { type Ground, logFailure, pause, repeat } from './ground.ts';

/** Deletes messages that have waited longer than `expiryMs`, in small batches with pauses, so that writers go on. */
export function startExpiry(ground: Ground): void {
  const { clock, settings, store } = ground;
  repeat(ground, settings.expiryEveryMs, async () => {
    try {
      while ((await store.expire(clock.wall() - settings.expiryMs, settings.expiryBatch)) >= settings.expiryBatch) {
        await pause(clock, betweenBatchesMs);
      }
    } catch (error) {
      logFailure(ground, 'Expired messages could not be deleted; it is tried again.', error);
    }
  });
}

// ---

const betweenBatchesMs = 50;
