import type { Random } from '../../system/index.ts';
import type { LinkBehaviour } from './behaviour.ts';

/** When each piece of one direction of a connection arrives: pure, the caller has the clock. */
export interface Pacing {
  /** Pieces keep their order, so none is due before the one ahead of it. */
  dueMs(nowMs: number, bytes: number, behaviour: LinkBehaviour): number;
}

export function createPacing(random: Random): Pacing {
  let lastMs = 0;
  /** Until then the narrowest place is busy with pieces ahead. */
  let freeMs = 0;
  return {
    dueMs: (nowMs, bytes, behaviour) => {
      if (behaviour.kind !== 'slow') {
        lastMs = Math.max(lastMs, nowMs);
        return lastMs;
      }
      const { delayMs, jitterMs, bytesPerSec } = behaviour;
      freeMs = Math.max(freeMs, nowMs) + (bytesPerSec === null ? 0 : (bytes / bytesPerSec) * 1000);
      lastMs = Math.max(lastMs, freeMs + delayMs + jitterMs * random.next());
      return lastMs;
    },
  };
}
