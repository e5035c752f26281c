import { clustersOf } from '../text/width.ts';

/** A text that is being written, in characters as people see them. */
export interface Editor {
  readonly before: string;
  readonly after: string;
}

export const emptyEditor: Editor = { before: '', after: '' };

export function editorOf(text: string): Editor {
  return { before: text, after: '' };
}

export function written({ before, after }: Editor): string {
  return before + after;
}

export type Edit =
  | 'left'
  | 'right'
  | 'home'
  | 'end'
  | 'backspace'
  | 'delete'
  | 'wordLeft'
  | 'wordRight'
  | 'deleteWord'
  | 'deleteToHome'
  | 'deleteToEnd';

export function insert({ before, after }: Editor, text: string): Editor {
  return { before: before + text, after };
}

export function edit(editor: Editor, how: Edit): Editor {
  const { before, after } = editor;
  const last = clustersOf(before).at(-1)?.text.length ?? 0;
  const first = clustersOf(after.slice(0, lookAhead))[0]?.text.length ?? 0;
  switch (how) {
    case 'left':
      return moved(editor, -last);
    case 'right':
      return moved(editor, first);
    case 'home':
      return moved(editor, -lineStart(before));
    case 'end':
      return moved(editor, lineEnd(after));
    case 'wordLeft':
      return moved(editor, -wordBack(before));
    case 'wordRight':
      return moved(editor, /^\s*\S*/.exec(after)![0].length);
    case 'backspace':
      return { before: before.slice(0, before.length - last), after };
    case 'delete':
      return { before, after: after.slice(first) };
    case 'deleteWord':
      return { before: before.slice(0, before.length - wordBack(before)), after };
    case 'deleteToHome':
      return { before: before.slice(0, before.length - lineStart(before)), after };
    case 'deleteToEnd':
      return { before, after: after.slice(lineEnd(after)) };
    default:
      return how satisfies never;
  }
}

// ---

/** No character that people see is longer. */
const lookAhead = 64;

function moved({ before, after }: Editor, by: number): Editor {
  const at = before.length + by;
  const text = before + after;
  return { before: text.slice(0, at), after: text.slice(at) };
}

function lineStart(before: string): number {
  return before.length - (before.lastIndexOf('\n') + 1);
}

function lineEnd(after: string): number {
  const end = after.indexOf('\n');
  return end < 0 ? after.length : end;
}

function wordBack(before: string): number {
  return /\S*\s*$/.exec(before)![0].length;
}
