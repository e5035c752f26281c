import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageKey, messageOf, NumberTable, Places } from '../../../src/metrics/checks/message-table.ts';
import { SeqSet } from '../../../src/metrics/checks/seq-set.ts';

const numbers = fc.array(fc.nat(40), { maxLength: 60 });

describe('a set of ranges', () => {
  it('holds what a set holds, and says the same of every addition', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const [ranges, plain] = [new SeqSet(), new Set<number>()];
        for (const value of values) {
          expect(ranges.add(value)).toBe(!plain.has(value));
          plain.add(value);
        }
        const sorted = [...plain].sort((a, b) => a - b);
        expect([...ranges]).toEqual(sorted);
        expect([ranges.size, ranges.first, ranges.last]).toEqual([
          plain.size,
          sorted[0] ?? null,
          sorted.at(-1) ?? null,
        ]);
        for (let value = 0; value <= 41; value++) expect(ranges.has(value)).toBe(plain.has(value));
      }),
    );
  });

  it('subtracts and intersects as sets do', () => {
    fc.assert(
      fc.property(numbers, numbers, (left, right) => {
        const [a, b] = [setOf(left), setOf(right)];
        expect([...a.minus(b)]).toEqual([...a].filter((value) => !b.has(value)));
        expect([...a.and(b)]).toEqual([...a].filter((value) => b.has(value)));
        expect([...a.copy()]).toEqual([...a]);
      }),
    );
  });

  it('keeps one range where there is no hole', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 8, 9], { minLength: 9 }), (values) => {
        expect(setOf(values).ranges).toEqual([[1, 9]]);
      }),
    );
  });

  it('may end nowhere', () => {
    expect([...setOf([3, 5, 9]).and(new SeqSet([[4, Number.POSITIVE_INFINITY]]))]).toEqual([5, 9]);
  });
});

describe('a table of numbers', () => {
  it('holds what a map holds, however far off an index is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.oneof(fc.integer({ min: 1, max: 500 }), fc.maxSafeNat()), fc.integer({ min: 1 }))),
        (pairs) => {
          const [table, map] = [new NumberTable(), new Map<number, number>()];
          for (const [index, value] of pairs) {
            table.set(index, value);
            map.set(index, value);
            for (const [at] of pairs) expect(table.get(at)).toBe(map.get(at) ?? 0);
          }
          expect(table.last).toBe(Math.max(0, ...map.keys()));
        },
      ),
    );
  });
});

describe('the name of a message', () => {
  it('is one number above 0, from which author and client id can be read', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1, max: 2 ** 20 }), fc.nat(2 ** 31 - 1), (author, clientId) => {
        const message = messageOf(messageKey(author, clientId));
        expect(message).toEqual({ author, clientId });
      }),
    );
  });

  it('stands at the first place heard of, and another is told', () => {
    const places = new Places();
    expect(places.get(1, 2)).toBeNull();
    expect(places.note(1, 2, { conversation: 7, seq: 3 })).toBeNull();
    expect(places.note(1, 2, { conversation: 7, seq: 3 })).toBeNull();
    expect(places.note(1, 2, { conversation: 8, seq: 3 })).toEqual({ conversation: 7, seq: 3 });
    expect(places.get(1, 2)).toEqual({ conversation: 7, seq: 3 });
  });
});

// ---

function setOf(values: readonly number[]): SeqSet {
  const set = new SeqSet();
  for (const value of values) set.add(value);
  return set;
}
