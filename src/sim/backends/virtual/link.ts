import type { Ms, Random } from '../../../system/index.ts';
import type { LinkQuality } from './hop.ts';

export interface LinkSettings {
  /** Travel time that every packet takes, and the mean of the exponential time on top. */
  readonly baseMs: Ms;
  readonly jitterMs: Ms;
  readonly bytesPerMs: number;
  /** What the senders' systems take before anything shows in `bufferedBytes`. */
  readonly bufferBytes: number;
}

/** A link whose travel times come from a stream of its own. */
export function createLinkQuality(settings: LinkSettings, random: Random): LinkQuality {
  return {
    latencyMs: () => drawMs(settings, random),
    bytesPerMs: settings.bytesPerMs,
    bufferBytes: settings.bufferBytes,
  };
}

/** At least `baseMs`, then exponential with mean `jitterMs`. */
export function drawMs(settings: { readonly baseMs: Ms; readonly jitterMs: Ms }, random: Random): Ms {
  return settings.baseMs - Math.log(1 - random.next()) * settings.jitterMs;
}
