import type { Edit } from './editor.ts';

/** What was pressed, or pasted. */
export type Key =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'edit'; readonly how: Edit }
  | { readonly kind: 'ctrl'; readonly letter: string }
  | { readonly kind: NamedKey };

export type NamedKey =
  | 'enter'
  | 'newline'
  | 'tab'
  | 'backTab'
  | 'escape'
  | 'up'
  | 'down'
  | 'pageUp'
  | 'pageDown'
  | 'first'
  | 'last'
  | 'next'
  | 'previous'
  | 'help';

/** Reads keys from what a terminal sends; pieces that are cut anywhere are put together again. */
export interface KeyReader {
  push(chunk: string): readonly Key[];
}

export function createKeyReader(): KeyReader {
  let pending = '';
  let pasted: string | null = null;

  return {
    push(chunk) {
      const keys: Key[] = [];
      let rest = pending + chunk;
      pending = '';
      while (rest !== '') {
        const taken = pasted === null ? key(rest, keys) : paste(rest, keys);
        if (taken === 0) {
          pending = rest;
          break;
        }
        rest = rest.slice(taken);
      }
      return keys;
    },
  };

  /** How much was taken; 0 when the rest is still to come. */
  function key(rest: string, keys: Key[]): number {
    if (rest.startsWith(pasteBegin)) {
      pasted = '';
      return pasteBegin.length;
    }
    if (rest[0] === esc) return sequence(rest, keys);
    const text = plainText.exec(rest)?.[0];
    if (text !== undefined) {
      keys.push({ kind: 'text', text });
      return text.length;
    }
    const control = controls[rest[0]!] ?? controlOf(rest[0]!);
    if (control) keys.push(control);
    return 1;
  }

  function sequence(rest: string, keys: Key[]): number {
    // Alone in a chunk it is the key; terminals send sequences in one piece.
    if (rest === esc) return keys.push({ kind: 'escape' }) && 1;
    const found = csi.exec(rest)?.[0];
    if (found === undefined) return unfinished.test(rest) ? 0 : alt(rest, keys);
    const named = sequences[found.slice(1)];
    if (named) keys.push(named);
    return found.length;
  }

  /** A key pressed with Alt, or Escape and a key that came together. */
  function alt(rest: string, keys: Key[]): number {
    const named = altKeys[rest[1]!];
    keys.push(named ?? { kind: 'escape' });
    return named ? 2 : 1;
  }

  function paste(rest: string, keys: Key[]): number {
    const end = rest.indexOf(pasteEnd);
    const possible = end < 0 ? rest.lastIndexOf(esc) : end;
    const upTo = possible < 0 || (end < 0 && rest.length - possible > pasteEnd.length) ? rest.length : possible;
    pasted = ((pasted ?? '') + rest.slice(0, upTo)).slice(0, pasteCharsMax);
    if (end < 0) return upTo;
    const text = pasted.replace(/\r\n?/g, '\n').replace(/[\p{Cc}--[\n\t]]/gv, '');
    if (text !== '') keys.push({ kind: 'text', text });
    pasted = null;
    return end + pasteEnd.length;
  }
}

/** What a terminal is asked to send pasted text in (xterm, "Bracketed Paste Mode"). */
export const pasteMode = { on: '\u001B[?2004h', off: '\u001B[?2004l' } as const;

// ---

const esc = '\u001B';
const pasteBegin = `${esc}[200~`;
const pasteEnd = `${esc}[201~`;
/** More than a message can hold. */
const pasteCharsMax = 200_000;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for.
const plainText = /^[^\x00-\x1f\x7f]+/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for.
const csi = /^\x1b(?:\[[0-?]*[ -/]*[@-~]|O[@-~])/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for.
const unfinished = /^\x1b(?:\[[0-?]*[ -/]*|O)$/;

const controls: Readonly<Record<string, Key>> = {
  '\r': { kind: 'enter' },
  '\n': { kind: 'newline' },
  '\t': { kind: 'tab' },
  '\b': { kind: 'edit', how: 'backspace' },
  '\u007F': { kind: 'edit', how: 'backspace' },
  '\u0001': { kind: 'edit', how: 'home' },
  '\u0005': { kind: 'edit', how: 'end' },
  '\u0017': { kind: 'edit', how: 'deleteWord' },
  '\u0015': { kind: 'edit', how: 'deleteToHome' },
  '\u000B': { kind: 'edit', how: 'deleteToEnd' },
  '\u000E': { kind: 'next' },
  '\u0010': { kind: 'previous' },
};

const sequences: Readonly<Record<string, Key>> = {
  '[A': { kind: 'up' },
  OA: { kind: 'up' },
  '[B': { kind: 'down' },
  OB: { kind: 'down' },
  '[C': { kind: 'edit', how: 'right' },
  OC: { kind: 'edit', how: 'right' },
  '[D': { kind: 'edit', how: 'left' },
  OD: { kind: 'edit', how: 'left' },
  '[H': { kind: 'edit', how: 'home' },
  OH: { kind: 'edit', how: 'home' },
  '[1~': { kind: 'edit', how: 'home' },
  '[F': { kind: 'edit', how: 'end' },
  OF: { kind: 'edit', how: 'end' },
  '[4~': { kind: 'edit', how: 'end' },
  '[3~': { kind: 'edit', how: 'delete' },
  '[5~': { kind: 'pageUp' },
  '[6~': { kind: 'pageDown' },
  '[Z': { kind: 'backTab' },
  '[1;5H': { kind: 'first' },
  '[1;5F': { kind: 'last' },
  '[1;5D': { kind: 'edit', how: 'wordLeft' },
  '[1;3D': { kind: 'edit', how: 'wordLeft' },
  '[1;5C': { kind: 'edit', how: 'wordRight' },
  '[1;3C': { kind: 'edit', how: 'wordRight' },
  '[1;5A': { kind: 'previous' },
  '[1;3A': { kind: 'previous' },
  '[1;5B': { kind: 'next' },
  '[1;3B': { kind: 'next' },
  OP: { kind: 'help' },
  '[11~': { kind: 'help' },
};

const altKeys: Readonly<Record<string, Key>> = {
  '\r': { kind: 'newline' },
  b: { kind: 'edit', how: 'wordLeft' },
  f: { kind: 'edit', how: 'wordRight' },
  '\u007F': { kind: 'edit', how: 'deleteWord' },
};

function controlOf(char: string): Key | null {
  const code = char.charCodeAt(0);
  return code >= 1 && code <= 26 ? { kind: 'ctrl', letter: String.fromCharCode(code + 96) } : null;
}
