import { printableText } from '../../shared/printable.ts';
import type { Line } from '../text/spans.ts';
import { dim, span } from '../text/spans.ts';
import { clustersOf } from '../text/width.ts';
import type { Editor } from './editor.ts';
import type { Ui } from './ui.ts';

/** The lines of what is being written, and where its cursor is in them. */
export interface Composer {
  readonly lines: readonly Line[];
  readonly x: number;
  readonly y: number;
}

/** At most `height` lines are shown: those around the cursor. */
export function composer({ before, after }: Editor, { size, focus, panel }: Ui, height: number): Composer {
  const columns = Math.max(2, size.columns - prompt.length);
  const text = broken(before, columns);
  const x = text.at(-1)!.width;
  const y = text.length - 1;
  const all = broken(before + after, columns);
  const from = Math.max(0, Math.min(y - height + 1, all.length - height));
  const active = focus === 'write' && panel === null;
  const lines = all
    .slice(from, from + height)
    .map(({ text: each }, index) => [
      span(from + index === 0 ? prompt : '  ', active ? { color: 'cyan', bold: true } : dim),
      span(each, active ? undefined : dim),
    ]);
  return { lines, x: prompt.length + x, y: y - from };
}

// ---

const prompt = '> ';

interface Broken {
  text: string;
  width: number;
}

/** Broken at the edge, wherever that is: so nothing jumps while one writes. */
function broken(text: string, columns: number): readonly Broken[] {
  let last: Broken = { text: '', width: 0 };
  const lines = [last];
  const end = () => {
    last = { text: '', width: 0 };
    lines.push(last);
  };
  for (const part of printableText(text).split(/(\n)/)) {
    if (part === '\n') {
      end();
      continue;
    }
    for (const cluster of clustersOf(part)) {
      if (last.width + cluster.width > columns) end();
      last.text += cluster.text;
      last.width += cluster.width;
    }
  }
  if (last.width >= columns) end();
  return lines;
}
