/** Who sends which image where and when, and who tries to read it though they may not. */
import type { Random } from '../../../system/index.ts';
import type { Scenario } from '../../scenario.ts';
import { poissonArrivals } from './pace.ts';
import { drawSends, type Ground, normal } from './sends.ts';

/** Image `i` of the run: when (milliseconds from the start of sending, ascending), who, where, how large. */
export interface Images {
  readonly count: number;
  readonly atMs: Float64Array;
  readonly sender: Uint32Array;
  readonly conversation: Uint32Array;
  readonly bytes: Uint32Array;
  /** Whether somebody who is no member tries to read it. */
  readonly tempting: Uint8Array;
}

export function buildImages(scenario: Scenario, sendingMs: number, ground: Ground): Images {
  const { images } = scenario;
  const random = ground.random.fork('images');
  const isNever = !images || ground.conversations.count === 0;
  const pace = { kind: 'constant', perSec: images?.perSec ?? 0 } as const;
  const moments = poissonArrivals(pace, isNever ? 0 : sendingMs, random.fork('arrivals'));
  const { atMs, sender, conversation, count } = drawSends(scenario, moments, { ...ground, random });
  const tempting = random.fork('strangers');
  const sizes = random.fork('bytes');
  return {
    count,
    atMs,
    sender,
    conversation,
    bytes: Uint32Array.from({ length: count }, () => drawBytes(images!, sizes)),
    tempting: Uint8Array.from({ length: count }, () => (tempting.next() < images!.strangerShare ? 1 : 0)),
  };
}

// ---

/** The head of an image must fit. */
const bytesMin = 64;

function drawBytes({ medianBytes, sigma, maxBytes }: NonNullable<Scenario['images']>, random: Random): number {
  const drawn = Math.round(medianBytes * Math.exp(sigma * normal(random)));
  return Math.min(Math.max(drawn, bytesMin), maxBytes);
}
