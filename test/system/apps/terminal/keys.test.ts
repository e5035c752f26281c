import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { edit, editorOf, insert, written } from '../../../../src/system/apps/terminal/screen/editor.ts';
import { createKeyReader, type Key } from '../../../../src/system/apps/terminal/screen/keys.ts';

function keysOf(...chunks: readonly string[]): readonly Key[] {
  const reader = createKeyReader();
  return chunks.flatMap((chunk) => reader.push(chunk));
}

describe('keys', () => {
  it.each<[string, string, readonly Key[]]>([
    ['text', 'héllo', [{ kind: 'text', text: 'héllo' }]],
    ['text and Enter that come together', 'hi\r', [{ kind: 'text', text: 'hi' }, { kind: 'enter' }]],
    ['an arrow', '\u001b[A', [{ kind: 'up' }]],
    ['an arrow of an application keypad', '\u001bOB', [{ kind: 'down' }]],
    ['Escape alone', '\u001b', [{ kind: 'escape' }]],
    ['Escape and a key together', '\u001b/', [{ kind: 'escape' }, { kind: 'text', text: '/' }]],
    ['Escape and Ctrl-F together', '\u001b\u0006', [{ kind: 'escape' }, { kind: 'ctrl', letter: 'f' }]],
    ['Alt-Enter', '\u001b\r', [{ kind: 'newline' }]],
    [
      'backspace and delete',
      '\u007f\u001b[3~',
      [
        { kind: 'edit', how: 'backspace' },
        { kind: 'edit', how: 'delete' },
      ],
    ],
    ['Ctrl-C', '\u0003', [{ kind: 'ctrl', letter: 'c' }]],
    ['an unknown sequence', '\u001b[99;9~x', [{ kind: 'text', text: 'x' }]],
    [
      'a paste, whose line ends are no Enter',
      '\u001b[200~a\r\nb\u001b[31m\u001b[201~',
      [{ kind: 'text', text: 'a\nb[31m' }],
    ],
  ])('%s', (_, typed, keys) => {
    expect(keysOf(typed)).toEqual(keys);
  });

  it('are the same however what the terminal sends is cut, but for an Escape at a cut', () => {
    const sent = fc.array(
      fc.constantFrom('abc', '\r', '\u001b[A', '\u001b[5~', '\u0001', '\u001b[200~x\ry\u001b[201~', 'ü'),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(sent, fc.array(fc.nat(60)), (parts, cuts) => {
        const whole = parts.join('');
        const at = [...new Set(cuts)]
          .filter((cut) => cut < whole.length && whole[cut - 1] !== '\u001b')
          .toSorted((a, b) => a - b);
        const chunks = [0, ...at].map((from, i, all) => whole.slice(from, all[i + 1]));
        expect(joined(keysOf(...chunks))).toEqual(joined(keysOf(whole)));
      }),
    );
  });
});

describe('the editor', () => {
  it.each([
    ['a family and a flag are one character each', 'x👩‍👩‍👧🇮🇳', ['backspace', 'backspace'], 'x|'],
    ['a word is deleted with the spaces behind it', 'one two  ', ['deleteWord'], 'one |'],
    ['home and end are those of the line', 'one\ntwo', ['home'], 'one\n|two'],
    ['left, then delete', 'abc', ['left', 'delete'], 'ab|'],
    ['over the end nothing happens', 'a', ['right', 'right', 'delete'], 'a|'],
    ['word by word', 'one two three', ['wordLeft', 'wordLeft', 'wordRight'], 'one two| three'],
  ] as const)('%s', (_, text, hows, result) => {
    const { before, after } = hows.reduce(edit, editorOf(text));
    expect(`${before}|${after}`).toBe(result);
  });

  it('keeps the text whatever the cursor does', () => {
    const moves = fc.array(fc.constantFrom('left', 'right', 'home', 'end', 'wordLeft', 'wordRight'));
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), moves, (text, hows) => {
        expect(written(hows.reduce(edit, editorOf(text)))).toBe(text);
        expect(written(insert(hows.reduce(edit, editorOf(text)), '!'))).toHaveLength(text.length + 1);
      }),
    );
  });
});

/** Text that was cut into pieces, together again. */
function joined(keys: readonly Key[]): readonly Key[] {
  const all: Key[] = [];
  for (const key of keys) {
    const last = all.at(-1);
    if (key.kind === 'text' && last?.kind === 'text')
      all[all.length - 1] = { kind: 'text', text: last.text + key.text };
    else all.push(key);
  }
  return all;
}
