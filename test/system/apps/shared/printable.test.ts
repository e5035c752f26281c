import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printableJson, printableLine, printableText } from '../../../../src/system/apps/shared/printable.ts';

/** What a terminal may act on, or a reader cannot see: written down anew here, apart from the code. */
const dangerous =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for.
  /[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}\p{Cs}\p{Co}\p{Cn}]/u;

const anyText = fc.string({ unit: fc.nat(0x10ffff).map((code) => String.fromCodePoint(code)), maxLength: 50 });

describe('text of others that is shown', () => {
  it('holds nothing that moves the cursor, turns the writing or hides, for each of all code points', () => {
    const bad: string[] = [];
    for (let from = 0; from <= 0x10ffff; from += 64) {
      // Apart from each other, so that each is judged by itself.
      const block = Array.from({ length: 64 }, (_, i) => String.fromCodePoint(from + i)).join('x');
      if (dangerous.test(printableText(block) + printableLine(block) + printableJson(block)))
        bad.push(from.toString(16));
      if (printableLine(block).includes('\n')) bad.push(from.toString(16));
    }
    expect(bad).toEqual([]);
  });

  it('holds nothing of that in any order of them either, and stays as it is when it is shown again', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(printableText(text)).not.toMatch(dangerous);
        expect(printableLine(text)).not.toMatch(/\n/);
        expect(printableText(printableText(text))).toBe(printableText(text));
        expect(printableLine(printableLine(text))).toBe(printableLine(text));
      }),
    );
  });

  it.each([
    ['letters of all sorts', 'Grüße, 你好, שלום, नमस्ते, สวัสดี'],
    ['emoji with joiners and looks', '👩‍👩‍👧 ❤️ 🇮🇳 👍🏽'],
    ['letters that are joined or kept apart by marks', 'می‌خواهم क्‍ष'],
    ['a line feed', 'a\nb'],
  ])('%s stay as they are', (_, text) => {
    expect(printableText(text)).toBe(text);
  });

  it.each([
    ['\u001b[2Jgone', '␛[2Jgone'],
    ['\u009b31mred', '�31mred'],
    ['a\rb\r\nc\u2028d', 'a\nb\nc\nd'],
    ['evil\u202egpj.exe', 'evilgpj.exe'],
    ['tab\tend', 'tab    end'],
    ['bell\u0007 del\u007f', 'bell␇ del␡'],
    [`z${'\u0301'.repeat(100)}`, `z${'\u0301'.repeat(8)}`],
    ['\ud800 half', '� half'],
  ])('%j is shown as %j', (text, shown) => {
    expect(printableText(text)).toBe(shown);
  });

  it('is one line where one line is asked for', () => {
    expect(printableLine('Ann\nbob: I owe you')).toBe('Ann⏎bob: I owe you');
  });

  it('as JSON is read back exactly as it was', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = printableJson({ text });
        expect(JSON.parse(json)).toEqual({ text });
        expect(json).not.toMatch(dangerous);
      }),
    );
  });
});
