import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Hint } from '../../../src/system/database/bus.ts';
import { createHintQueue, mergeHints } from '../../../src/system/database/hint-queue.ts';
import {
  decodeHints,
  encodeHints,
  notificationBytesMax,
  originOf,
} from '../../../src/system/database/postgres-hints.ts';
import { arbitraryHint, hint } from '../../contracts/bus.ts';

const decodeAll = (texts: readonly string[]): readonly Hint[] => texts.flatMap((text) => decodeHints(text));

describe('hints as notifications', () => {
  it('come back as they were, in order, with the name of the sender', () => {
    fc.assert(
      fc.property(fc.array(arbitraryHint, { maxLength: 60 }), (hints) => {
        const texts = encodeHints(hints, 's1');
        expect(decodeAll(texts)).toEqual(hints);
        expect(texts.every((text) => originOf(text) === 's1')).toBe(true);
      }),
    );
  });

  it('never exceed what PostgreSQL takes, and use few notifications', () => {
    fc.assert(
      fc.property(fc.array(arbitraryHint, { minLength: 20, maxLength: 80 }), (hints) => {
        const sizes = encodeHints(hints, 'server-one').map((text) => Buffer.byteLength(text));
        expect(Math.max(...sizes)).toBeLessThanOrEqual(notificationBytesMax);
        const bytes = sizes.reduce((sum, size) => sum + size, 0);
        // Two neighbours never fit into one, so all but the last are more than half full on average.
        expect(sizes.length).toBeLessThanOrEqual(Math.ceil((2 * bytes) / notificationBytesMax) + 1);
      }),
    );
  });

  it.each([
    ['too long', 'x'.repeat(notificationBytesMax)],
    ['too long in bytes', 'é'.repeat(notificationBytesMax / 2)],
    ['of several lines', '{\n}'],
    ['with a character that PostgreSQL cannot hold', '\0'],
  ])('go without a frame that is %s', (_, frame) => {
    expect(decodeAll(encodeHints([{ ...hint(1, 2), device: 3, frame }], 's1'))).toEqual([{ ...hint(1, 2), device: 3 }]);
  });
});

describe('hints that wait', () => {
  it('leave in the order in which they came', () => {
    const queue = createHintQueue();
    for (let seq = 1; seq <= 5; seq++) queue.add(hint(1, seq));
    expect(queue.take(3)).toEqual([hint(1, 1), hint(1, 2), hint(1, 3)]);
    expect(queue.take(3)).toEqual([hint(1, 4), hint(1, 5)]);
    expect(queue.size).toBe(0);
  });

  it('are never more than the limit, and the latest of them are kept', () => {
    fc.assert(
      fc.property(fc.array(arbitraryHint, { maxLength: 100 }), fc.integer({ min: 2, max: 20 }), (hints, max) => {
        const queue = createHintQueue(max);
        for (const each of hints) {
          queue.add(each);
          expect(queue.size).toBeLessThanOrEqual(max);
        }
        expect(queue.take(max).at(-1)).toEqual(hints.at(-1));
      }),
    );
  });

  it('become one for each conversation when there are too many, and forget nobody', () => {
    const many = [
      { ...hint(1, 2), affected: [7], frame: '{}' },
      hint(2, 9),
      { ...hint(1, 1), affected: [8, 7] },
    ] as unknown as Hint[];
    expect(mergeHints(many)).toEqual([{ ...hint(1, 2), affected: [7, 8] }, hint(2, 9)]);
  });
});
