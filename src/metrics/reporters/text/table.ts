/** Aligned columns for a terminal, no wider than asked. */

export type Color = 'green' | 'red' | 'yellow' | 'dim' | 'bold';
export type Cell = string | { readonly text: string; readonly color: Color };
export type Paint = (text: string, color: Color) => string;

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** May be left out, the last first, when the table is too wide. */
  readonly optional?: boolean;
}

const codes: Readonly<Record<Color, string>> = { green: '32', red: '31', yellow: '33', dim: '2', bold: '1' };
const gap = '  ';
const indent = '  ';
/** Words are cut to no less than this; numbers never. */
const wordsColumnsMin = 12;

export function createPaint(color: boolean): Paint {
  return (text, name) => (color ? `\u001b[${codes[name]}m${text}\u001b[0m` : text);
}

/** Text from outside may hold escape codes that would rewrite the terminal, and line ends that would break a row. */
export function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}

/** Lines of the table, headings first unless all titles are empty. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  out: { readonly width: number; readonly paint: Paint },
): string[] {
  const shown = fitting(columns, rows, out.width);
  const room = out.width - indent.length - gap.length * (shown.length - 1);
  const widths = narrowed(
    shown.map((index) => columnWidth(columns, rows, index)),
    shown.map((index) => columns[index]!.align !== 'right'),
    room,
  );
  const line = (cells: readonly Cell[], color?: Color): string => {
    const padded = shown.map((index, place) =>
      pad(cells[index] ?? '', widths[place]!, columns[index]?.align, out.paint, color),
    );
    return (indent + padded.join(gap)).trimEnd();
  };
  const titles = columns.map((column) => column.title);
  return [...(titles.some(Boolean) ? [line(titles, 'dim')] : []), ...rows.map((row) => line(row))];
}

/** Breaks a sentence into lines of at most `width` columns; a longer word stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of clean(text).split(' ').filter(Boolean)) {
    if (line && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return line ? [...lines, line] : lines;
}

// ---

function textOf(cell: Cell): string {
  return clean(typeof cell === 'string' ? cell : cell.text);
}

function columnWidth(columns: readonly Column[], rows: readonly (readonly Cell[])[], index: number): number {
  return rows.reduce((max, row) => Math.max(max, textOf(row[index] ?? '').length), columns[index]!.title.length);
}

/** Indices of the columns that are shown. */
function fitting(columns: readonly Column[], rows: readonly (readonly Cell[])[], width: number): number[] {
  const shown = columns.map((_, index) => index);
  const total = (): number =>
    indent.length + sum(shown.map((index) => columnWidth(columns, rows, index) + gap.length)) - gap.length;
  while (total() > width) {
    const victim = shown.findLast((index) => columns[index]!.optional);
    if (victim === undefined) break;
    shown.splice(shown.indexOf(victim), 1);
  }
  return shown;
}

/** Takes what is too much from the widest columns of words. */
function narrowed(widths: readonly number[], words: readonly boolean[], room: number): number[] {
  const result = [...widths];
  for (let excess = sum(result) - room; excess > 0; excess = sum(result) - room) {
    const widest = Math.max(...result.filter((_, index) => words[index]));
    if (!(widest > wordsColumnsMin)) break;
    result[result.findLastIndex((width, index) => words[index] && width === widest)] = Math.max(
      widest - excess,
      wordsColumnsMin,
    );
  }
  return result;
}

function pad(cell: Cell, width: number, align: Column['align'], paint: Paint, color?: Color): string {
  const whole = textOf(cell);
  const text = whole.length > width ? `${whole.slice(0, width - 1)}…` : whole;
  const filled = align === 'right' ? text.padStart(width) : text.padEnd(width);
  const chosen = color ?? (typeof cell === 'string' ? undefined : cell.color);
  return chosen ? paint(filled, chosen) : filled;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
