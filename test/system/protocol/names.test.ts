import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tenantOf } from '../../../src/sim/flows/stage.ts';
import { runTag, userNameOf } from '../../../src/sim/users/names.ts';
import { userName } from '../../../src/system/protocol/frames.ts';
import { isReservedName, reservedNames, skeletonOf } from '../../../src/system/protocol/names.ts';

/** Letters that are drawn like others. */
const twins: readonly (readonly string[])[] = [
  ['l', 'L', 'i', 'I', '1'],
  ['o', 'O', '0'],
  ['rn', 'm', 'M', 'RN'],
  ['vv', 'w', 'W', 'VV'],
  ['a', 'A'],
  ['7'],
];
const letter = fc.nat({ max: twins.length - 1 });
const drawn = (which: number) => fc.constantFrom(...twins[which]!);
const separator = fc.constantFrom('', '', '', '.', '-', '_');

describe('names that look alike', () => {
  it('have the same skeleton, however each letter is drawn and wherever separators stand', () => {
    const pair = fc.array(letter, { minLength: 1, maxLength: 12 }).chain((word) => {
      const drawing = fc.tuple(
        ...word.map((which) => fc.tuple(drawn(which), separator).map((parts) => parts.join(''))),
      );
      return fc.tuple(drawing, drawing).map((drawings) => drawings.map((parts) => parts.join('')));
    });
    fc.assert(fc.property(pair, ([one, other]) => skeletonOf(one!) === skeletonOf(other!)));
  });

  it.each([
    ['paul', 'pau1'],
    ['Ian', 'lan'],
    ['bob', 'b0b'],
    ['modern', 'modem'],
    ['wendy', 'vvendy'],
    ['a.b', 'ab'],
    ['a_b', 'a-b'],
    ['vvw', 'wvv'],
  ])('%s and %s are', (one, other) => expect(skeletonOf(one)).toBe(skeletonOf(other)));

  it.each([
    ['clean', 'dean'],
    ['anna', 'ana'],
    ['user5', 'users'],
    ['eve2', 'evez'],
    ['u10', 'u01'],
  ])('%s and %s are not', (one, other) => expect(skeletonOf(one)).not.toBe(skeletonOf(other)));

  it('a skeleton is its own skeleton and not empty', () => {
    const name = fc
      .stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?$/)
      .filter((text) => userName.safeParse(text).success);
    fc.assert(
      fc.property(name, (text) => {
        expect(skeletonOf(skeletonOf(text))).toBe(skeletonOf(text));
        expect(skeletonOf(text)).not.toBe('');
      }),
    );
  });
});

describe('reserved names', () => {
  it('are kept for the system, also as look-alikes', () => {
    for (const name of [...reservedNames, 'Admin', 'adm1n', 'r00t', 'nawaab', 'navvaab', 'sys.tem', 'SUPP0RT', 'm-e']) {
      expect(isReservedName(name), name).toBe(true);
    }
    for (const name of ['anna', 'adminton', 'rooty', 'meg', 'u1-abcdef'])
      expect(isReservedName(name), name).toBe(false);
  });
});

describe('simulated users', () => {
  it('100,000 of them differ, within a run and from those of other runs, and none is reserved', () => {
    const tags = Array.from({ length: 10 }, (_, run) => runTag(7, run));
    const names = tags.flatMap((tag) => Array.from({ length: 10_000 }, (_, index) => userNameOf(tag, index)));
    expect(new Set(names.map(skeletonOf)).size).toBe(100_000);
    expect(names.filter(isReservedName)).toEqual([]);
    const many = Array.from({ length: 100_000 }, (_, index) => userNameOf(tags[0]!, index));
    expect(new Set(many.map(skeletonOf)).size).toBe(100_000);
  });

  it('those of flows differ too', () => {
    const names = Array.from({ length: 200 }, (_, run) =>
      Array.from({ length: 20 }, (_, user) => `${tenantOf(run)}${user}`),
    );
    expect(new Set(names.flat().map(skeletonOf)).size).toBe(200 * 20);
  });
});
