import type { Line } from '../text/spans.ts';
import { bold, dim, line, span } from '../text/spans.ts';
import { wrap } from '../text/width.ts';
import { commands } from './commands.ts';
import type { Panel, Ui } from './ui.ts';

/** The line at the foot of the screen: what the most useful keys do here, as many as there is room for. */
export function helpKeys(ui: Ui, columns: number): string {
  const keys = ui.panel ? keysOf[ui.panel.kind] : ui.focus === 'list' ? listKeys : writeKeys;
  let text = ' ';
  for (const key of keys) {
    if (text.length + key.length + 2 > columns) break;
    text += text === ' ' ? key : `  ${key}`;
  }
  return text;
}

export function helpLines(columns: number): readonly Line[] {
  const width = Math.max(...commands.map(({ usage }) => usage.length)) + 2;
  const rows = (table: readonly (readonly [string, string])[]) => table.flatMap((each) => row(each, width, columns));
  return [
    line('Keys', bold),
    ...rows(keyTable),
    [],
    line('Commands, typed where messages are written', bold),
    ...rows(commands.map(({ usage, what }) => [usage, what])),
    [],
    line('Marks', bold),
    ...rows(markTable),
    [],
    ...wrap('A message that begins with / or ? is written as // or ??.', columns).map((each) => line(each, dim)),
  ];
}

// ---

const writeKeys = ['? help', 'Enter send', 'Tab conversations', 'PgUp older', 'Ctrl-F search', 'Ctrl-C quit'];
const listKeys = ['? help', '↑ ↓ choose', 'Enter open', '/ command', 'Ctrl-F search', 'Ctrl-C quit'];
const keysOf: Readonly<Record<Panel['kind'], readonly string[]>> = {
  text: ['Esc back', '↑ ↓ PgUp PgDn scroll', 'Ctrl-C quit'],
  search: ['Esc back', 'Enter search', '↑ ↓ choose', 'Ctrl-C quit'],
  ask: ['Enter done', 'Esc give up', 'Ctrl-C quit'],
};

const keyTable: readonly (readonly [string, string])[] = [
  ['? or F1', 'this help'],
  ['Tab', 'between conversations and writing; completes commands and names'],
  ['Ctrl-N, Ctrl-P', 'next, previous conversation'],
  ['Enter', 'sends'],
  ['Ctrl-J, Alt-Enter', 'a new line in the message'],
  ['PgUp, PgDn', 'older and newer messages; ↑ ↓ too while nothing is written'],
  ['Ctrl-Home, Ctrl-End', 'the oldest that is at hand; the newest'],
  ['Ctrl-F', 'search'],
  ['Ctrl-R', 'tries again what was not sent'],
  ['Ctrl-L', 'draws the screen anew'],
  ['Ctrl-Z', 'stops the program until `fg`'],
  ['Ctrl-C', 'quits; what waits is sent the next time'],
];

const markTable: readonly (readonly [string, string])[] = [
  ['…', 'waiting to be sent'],
  ['✓', 'sent: the servers keep it'],
  ['✓✓', 'delivered to a device of everybody; then who has read it'],
  ['✗', 'not sent, and why'],
];

function row([left, right]: readonly [string, string], width: number, columns: number): readonly Line[] {
  const texts = wrap(right, Math.max(columns - width - 2, 16));
  return texts.map((text, index) => [
    span(`  ${(index === 0 ? left : '').padEnd(width)}`, { color: 'cyan' }),
    span(text),
  ]);
}
