import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Random } from '../../src/system/ports.ts';
import { createSeededRandom } from '../../src/system/seeded-random.ts';

const draws = (random: Random, count = 8) => Array.from({ length: count }, () => random.next());
const label = fc.string({ minLength: 1 });

describe('the seeded source of chance', () => {
  it('gives equal streams for equal seeds and labels', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(label), (seed, path) => {
        const walk = () => path.reduce((random, step) => random.fork(step), createSeededRandom(seed));
        expect(draws(walk())).toEqual(draws(walk()));
      }),
    );
  });

  it('gives a fork that no draw from its parent moves, and a parent that no fork moves', () => {
    fc.assert(
      fc.property(fc.integer(), label, fc.nat(20), (seed, name, count) => {
        const drawn = createSeededRandom(seed);
        const before = draws(drawn, count);
        const forked = draws(drawn.fork(name));
        const untouched = createSeededRandom(seed);
        expect(forked).toEqual(draws(untouched.fork(name)));
        expect(before).toEqual(draws(untouched, count));
      }),
    );
  });

  it('gives different streams for different seeds and different paths of labels', () => {
    const seen = new Set<number>();
    const roots = Array.from({ length: 50 }, (_, seed) => createSeededRandom(seed));
    const streams = roots.flatMap((root) => [
      root,
      root.fork('a').fork('b'),
      root.fork('ab'),
      root.fork('b').fork('a'),
      ...Array.from({ length: 200 }, (_, user) => root.fork(`user ${user}`)),
    ]);
    for (const stream of streams) seen.add(stream.next());
    expect(seen.size).toBe(streams.length);
  });

  it('draws evenly from [0, 1)', () => {
    const random = createSeededRandom(7);
    const buckets = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 100_000; draw++) buckets[Math.floor(random.next() * 10)]! += 1;
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('gives as many bytes as asked for', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(50), (seed, length) => {
        expect(createSeededRandom(seed).bytes(length)).toHaveLength(length);
      }),
    );
  });
});
