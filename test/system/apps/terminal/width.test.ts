import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printableLine } from '../../../../src/system/apps/shared/printable.ts';
import { cut, padTo, widthOf, wrap } from '../../../../src/system/apps/terminal/text/width.ts';

/** What ink lays out with. */
const fromInk = createRequire(fileURLToPath(import.meta.resolve('ink'))).resolve('string-width');
const { default: inkWidth } = (await import(pathToFileURL(fromInk).href)) as { default: (text: string) => number };

const anyLine = fc
  .string({
    unit: fc.oneof(
      fc.nat(0x10ffff).map((code) => String.fromCodePoint(code)),
      fc.constantFrom('a', ' ', '你', '👍🏽', 'é'),
    ),
    maxLength: 80,
  })
  .map(printableLine);

/** Blocks of ideographs and syllables, all alike, and what has no characters: first and last. */
const leftOut: readonly (readonly [number, number])[] = [
  [0x3500, 0x9fff],
  [0xac00, 0xd7a3],
  [0xe000, 0xf8ff],
  [0x17000, 0x18aff],
  [0x20000, 0xe00ff],
  [0xe0200, 0x10ffff],
];

describe('the width of text', () => {
  it('is ink’s for each code point, but within blocks of ideographs', () => {
    const different: string[] = [];
    for (let code = 0x20; code <= 0x10ffff; code++) {
      const block = leftOut.find(([first]) => first + 1 === code);
      if (block) code = block[1];
      const char = printableLine(String.fromCodePoint(code));
      if (widthOf(char) !== inkWidth(char))
        different.push(`${code.toString(16)}: ${widthOf(char)}, ink ${inkWidth(char)}`);
    }
    expect(different).toEqual([]);
  });

  it.each(['👩‍👩‍👧', '❤️', '🇮🇳', '1️⃣', 'é', 'नमस्ते', '한국어', 'ｶﾞ'])('is ink’s for %s', (text) => {
    expect(widthOf(text)).toBe(inkWidth(text));
  });

  it('is kept to when text is cut, filled or wrapped, and wrapping loses no letter', () => {
    fc.assert(
      fc.property(anyLine, fc.integer({ min: 2, max: 40 }), (text, columns) => {
        expect(widthOf(cut(text, columns))).toBeLessThanOrEqual(columns);
        expect(widthOf(padTo(text, columns))).toBe(columns);
        const lines = wrap(text, columns);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });

  it('breaks at spaces where it can', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrap('extraordinarily so', 6)).toEqual(['extrao', 'rdinar', 'ily so']);
    expect(wrap('a\n\nb', 10)).toEqual(['a', '', 'b']);
  });
});
