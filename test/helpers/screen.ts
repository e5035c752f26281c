import { clustersOf } from '../../src/system/apps/terminal/text/width.ts';

/** As much of a terminal (ECMA-48, and xterm's private modes) as a program at a screen uses. */
export interface Screen {
  write(data: string): void;
  resize(columns: number, rows: number): void;
  /** Lines without the spaces at their ends. */
  readonly lines: readonly string[];
  readonly text: string;
  readonly cursor: { readonly x: number; readonly y: number; readonly isVisible: boolean };
  /** Whether the program has taken the screen of its own. */
  readonly isAlternate: boolean;
  /** Private modes that are on, by number. */
  readonly modes: ReadonlySet<number>;
  /** Sequences that it does not know: there must be none. */
  readonly unknown: readonly string[];
}

export function createScreen(columns: number, rows: number): Screen {
  let size = { columns, rows };
  let cells = blank();
  let x = 0;
  let y = 0;
  let pending = '';
  let kept: { cells: string[][]; x: number; y: number } | null = null;
  const modes = new Set<number>([25]);
  const unknown: string[] = [];

  return {
    write(data) {
      let rest = pending + data;
      pending = '';
      while (rest !== '') {
        const match = token.exec(rest);
        if (match === null) {
          pending = rest;
          return;
        }
        take(match);
        rest = rest.slice(match[0].length);
      }
    },
    resize(nextColumns, nextRows) {
      size = { columns: nextColumns, rows: nextRows };
      const old = cells;
      cells = blank();
      for (const [at, row] of cells.entries()) {
        for (let i = 0; i < row.length; i++) row[i] = old[at]?.[i] ?? ' ';
      }
      x = Math.min(x, nextColumns - 1);
      y = Math.min(y, nextRows - 1);
    },
    get lines() {
      return cells.map((row) => row.join('').trimEnd());
    },
    get text() {
      return this.lines.join('\n');
    },
    get cursor() {
      return { x, y, isVisible: modes.has(25) };
    },
    get isAlternate() {
      return modes.has(1049);
    },
    modes,
    unknown,
  };

  function blank(): string[][] {
    return Array.from({ length: size.rows }, () => Array.from({ length: size.columns }, () => ' '));
  }

  function take({ groups, 0: all }: RegExpExecArray): void {
    const { text, control, final, args = '' } = groups!;
    if (text !== undefined) for (const cluster of clustersOf(text)) put(cluster.text, cluster.width);
    else if (control !== undefined) move(control);
    else if (final !== undefined) sequence(final, args);
    else unknown.push(all);
  }

  function put(text: string, width: number): void {
    if (x + width > size.columns) {
      x = 0;
      down();
    }
    cells[y]![x] = text;
    for (let i = 1; i < width; i++) cells[y]![x + i] = '';
    x += width;
  }

  function down(): void {
    if (y < size.rows - 1) y++;
    else {
      cells.shift();
      cells.push(Array.from({ length: size.columns }, () => ' '));
    }
  }

  function move(control: string): void {
    if (control === '\r') x = 0;
    else if (control === '\n') down();
    else if (control === '\b') x = Math.max(0, x - 1);
    else unknown.push(control);
  }

  function sequence(final: string, args: string): void {
    if (args.startsWith('?')) {
      mode(Number(args.slice(1)), final);
      return;
    }
    const [first = 0, second = 0] = args.split(';').map(Number);
    const count = Math.max(1, first);
    const steps = moves[final];
    if (steps) go(final === 'E' || final === 'F' ? 0 : x + steps.x * count, y + steps.y * count);
    else if (final === 'G') go(count - 1, y);
    else if (final === 'H') go(Math.max(1, second) - 1, count - 1);
    else if (final === 'J') eraseScreen(first);
    else if (final === 'K') eraseLine(first);
    else if (final !== 'm') unknown.push(`CSI ${args}${final}`);
  }

  function go(toX: number, toY: number): void {
    x = Math.max(0, Math.min(size.columns - 1, toX));
    y = Math.max(0, Math.min(size.rows - 1, toY));
  }

  function eraseScreen(how: number): void {
    for (let row = 0; row < size.rows; row++) {
      if (how >= 2 || (how === 0 && row > y) || (how === 1 && row < y)) cells[row]!.fill(' ');
    }
    if (how < 2) eraseLine(how);
  }

  function eraseLine(how: number): void {
    cells[y]!.fill(' ', how === 0 ? x : 0, how === 1 ? x + 1 : size.columns);
  }

  function mode(number: number, final: string): void {
    if (final !== 'h' && final !== 'l') unknown.push(`CSI ?${number}${final}`);
    if (number === 1049 && final === 'h') {
      kept = { cells, x, y };
      cells = blank();
    }
    if (number === 1049 && final === 'l' && kept) ({ cells, x, y } = kept);
    if (final === 'h') modes.add(number);
    else modes.delete(number);
  }
}

// ---

const moves: Readonly<Record<string, { readonly x: number; readonly y: number }>> = {
  A: { x: 0, y: -1 },
  B: { x: 0, y: 1 },
  C: { x: 1, y: 0 },
  D: { x: -1, y: 0 },
  E: { x: 0, y: 1 },
  F: { x: 0, y: -1 },
};

const token =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about.
  /^(?:(?<text>[^\x00-\x1f\x7f]+)|\x1b\[(?<args>[0-?]*)[ -/]*(?<final>[@-~])|\x1b[^[]|(?<control>[\x00-\x1a\x1c-\x1f\x7f]))/;
