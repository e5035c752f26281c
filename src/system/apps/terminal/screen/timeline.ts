import type { ChatState, OpenConversation } from '../../shared/chat-state.ts';
import { conversationOf, markOf, othersOf, waitingIn } from '../../shared/chat-state.ts';
import type { Item, Operation, Seq, UserName } from '../../shared/messenger.ts';
import { printableLine } from '../../shared/printable.ts';
import type { Line, Span } from '../text/spans.ts';
import { dim, line, lineWidth, rule, span, warning } from '../text/spans.ts';
import { clockTime, dayOf, isSameDay } from '../text/time.ts';
import { padTo, widthOf, wrap } from '../text/width.ts';
import { doubtText, isSaid, noteText, sayingOf } from './saying.ts';
import { thumbnailKey } from './thumbnails.ts';
import { type Anchor, bodyColumns, type Ui } from './ui.ts';

/** A line of the conversation, and which entry it belongs to. Operations that wait come after all entries. */
export interface Row {
  readonly seq: Seq;
  /** Which of the entry's lines. */
  readonly line: number;
  readonly spans: Line;
}

/** The lines of the open conversation that are at hand, from the oldest to the newest. */
export function timelineRows(
  chat: ChatState,
  open: OpenConversation,
  ui: Pick<Ui, 'size' | 'thumbnails'>,
): readonly Row[] {
  const { thumbnails } = ui;
  const columns = bodyColumns(ui.size);
  const view: View = {
    chat,
    open,
    columns,
    thumbnails,
    readers: readersOf(chat, open),
    nameColumns: nameColumnsOf(open, columns),
  };
  const blocks: (readonly [Seq, readonly Line[]])[] = [];
  if (!open.hasOlder) blocks.push([0 as Seq, [line('— the beginning —', dim)]]);
  let before: Item | null = null;
  for (const item of open.items) {
    blocks.push([item.seq, itemLines(view, item, before)]);
    // A gap has no time of its own.
    if (item.content.kind !== 'expired') before = item;
  }
  waitingIn(chat).forEach((operation, index) => {
    blocks.push([(waitingFrom + index) as Seq, operationLines(view, operation)]);
  });
  return blocks.flatMap(([seq, lines]) => lines.map((spans, at) => ({ seq, line: at, spans })));
}

/** The part of the rows that a screen of this height shows. */
export function windowOf(rows: readonly Row[], anchor: Anchor | null, height: number): readonly Row[] {
  const end = Math.max(bottomOf(rows, anchor) + 1, Math.min(height, rows.length));
  return rows.slice(Math.max(0, end - height), end);
}

/** The anchor after scrolling by so many lines, upwards when negative; null at the lower end. */
export function scrolled(rows: readonly Row[], anchor: Anchor | null, by: number, height: number): Anchor | null {
  const lowest = rows.length - 1;
  const at = Math.max(Math.min(height - 1, lowest), Math.min(lowest, bottomOf(rows, anchor) + by));
  const row = rows[at];
  return row === undefined || at >= lowest ? null : { seq: row.seq, line: row.line };
}

/** The anchor that shows an entry a little above the lower end. */
export function anchorAt(rows: readonly Row[], seq: Seq, height: number): Anchor | null {
  const at = rows.findLastIndex((row) => row.seq <= seq);
  const bottom = Math.min(rows.length - 1, at + Math.floor(height / 3));
  const row = rows[bottom];
  return row === undefined || bottom === rows.length - 1 ? null : { seq: row.seq, line: row.line };
}

// ---

interface View {
  readonly chat: ChatState;
  readonly open: OpenConversation;
  readonly columns: number;
  readonly thumbnails: Ui['thumbnails'];
  readonly nameColumns: number;
  /** Who has read up to an own message and no further. */
  readonly readers: ReadonlyMap<Seq, readonly UserName[]>;
}

const waitingFrom = Number.MAX_SAFE_INTEGER - 100_000;
const nameColumnsMax = 12;
const narrow = 44;
const timeColumns = 6;
const nameColors = ['cyan', 'green', 'yellow', 'magenta', 'blue', 'red'] as const;
const marks = { sent: ' ✓', delivered: ' ✓✓', read: ' ✓✓' } as const;
const markColumns = 3;

function bottomOf(rows: readonly Row[], anchor: Anchor | null): number {
  if (anchor === null) return rows.length - 1;
  const { seq, line: upTo } = anchor;
  const at = rows.findLastIndex((row) => row.seq < seq || (row.seq === seq && row.line <= upTo));
  return Math.max(0, at);
}

function itemLines(view: View, item: Item, before: Item | null): readonly Line[] {
  const { columns } = view;
  const lines: Line[] = [];
  const isMessage = isSaid(item.content);
  if (item.content.kind !== 'expired' && (before === null || !isSameDay(before.at, item.at)))
    lines.push(rule(dayOf(item.at), columns));
  if (isFirstNew(view, item, before)) lines.push(rule('new', columns));
  lines.push(...(isMessage ? messageLines(view, item) : changeLines(view, item)));
  const readers = view.readers.get(item.seq);
  const all = readers ? withReaders(lines, readBy(view, readers), view) : lines;
  return [...all, ...thumbnailLines(view, item)];
}

/** Behind the message where there is room, else below it. */
function withReaders(lines: readonly Line[], readers: string, view: View): readonly Line[] {
  const last = lines.at(-1) ?? [];
  const more = span(` ${readers}`, dim);
  if (lineWidth(last) + widthOf(more.text) <= view.columns) return [...lines.slice(0, -1), [...last, more]];
  return [...lines, [span(' '.repeat(indentOf(view) - 1)), more]];
}

function isFirstNew({ open }: View, item: Item, before: Item | null): boolean {
  if (item.isOwn || open.readAtOpening === 0 || item.content.kind === 'expired') return false;
  return item.seq > open.readAtOpening && before !== null && before.seq <= open.readAtOpening;
}

function messageLines(view: View, item: Item): readonly Line[] {
  const { chat, open } = view;
  const conversation = conversationOf(chat, open.id);
  const mark = markOf(item, open, conversation ? othersOf(conversation, chat.me).length : 0);
  const end = mark === null ? [] : [span(marks[mark], mark === 'read' ? { color: 'cyan' } : dim)];
  const { text, isPlain } = sayingOf(item.content);
  return said(view, {
    time: clockTime(item.at),
    name: item.isOwn ? 'you' : item.sender,
    text,
    end,
    isPlain,
  });
}

function thumbnailLines(view: View, item: Item): readonly Line[] {
  const lines = item.content.kind === 'image' ? (view.thumbnails.get(thumbnailKey(item)) ?? []) : [];
  return lines.map((each) => [span(' '.repeat(indentOf(view))), ...each]);
}

interface Said {
  readonly time: string;
  readonly name: string;
  readonly text: string;
  readonly end: readonly Span[];
  /** The words of the sender, not ours about it. */
  readonly isPlain: boolean;
}

function said(view: View, { time, name, text, end, isPlain }: Said): readonly Line[] {
  const indent = indentOf(view);
  const shown = printableLine(name);
  const head = view.nameColumns === 0 ? `${shown}: ` : `${padTo(shown, view.nameColumns)}  `;
  const start = [span(`${time} `, dim), span(head, { color: colorOf(name), bold: true })];
  const columns = view.columns - indent - markColumns;
  const first = view.nameColumns === 0 ? ' '.repeat(Math.max(0, timeColumns + widthOf(head) - indent)) : '';
  const texts = wrap(first + text, columns);
  return texts.map((each, index) => [
    ...(index === 0 ? start : [span(' '.repeat(indent))]),
    span(index === 0 ? each.slice(first.length) : each, isPlain ? undefined : dim),
    ...(index === texts.length - 1 ? end : []),
  ]);
}

function operationLines(view: View, operation: Operation): readonly Line[] {
  const { state, what, content } = operation;
  const failed = state.kind === 'failed';
  const end = [span(failed ? ' ✗' : ' …', failed ? { color: 'red', bold: true } : dim)];
  const { text, isPlain } = what === 'send' && content ? sayingOf(content) : { text: plans[what], isPlain: false };
  const lines = said(view, { time: clockTime(operation.at), name: 'you', text, end, isPlain });
  if (!failed) return lines;
  const why = `not sent: ${printableLine(state.reason)} (Ctrl-R tries again, /discard puts it away)`;
  const indent = indentOf(view);
  return [
    ...lines,
    ...wrap(why, view.columns - indent).map((text) => [span(' '.repeat(indent)), span(text, { color: 'red' })]),
  ];
}

const plans: Readonly<Record<Operation['what'], string>> = {
  send: 'a message',
  openDirect: 'opens a conversation',
  createGroup: 'makes a group',
  invite: 'adds somebody',
  remove: 'removes somebody',
  leave: 'leaves',
};

function changeLines({ columns, chat }: View, item: Item): readonly Line[] {
  const text = noteText(item, chat.me?.name ?? null);
  const doubt = doubtText(item.content);
  return [
    ...(text === '' ? [] : wrap(`— ${text} —`, columns).map((each) => line(each, dim))),
    ...(doubt === null ? [] : wrap(`! ${doubt}`, columns).map((each) => line(each, warning))),
  ];
}

// --- who has read what

function readersOf(chat: ChatState, open: OpenConversation): ReadonlyMap<Seq, readonly UserName[]> {
  const own = open.items.filter(({ isOwn, content }) => isOwn && isSaid(content));
  const readers = new Map<Seq, UserName[]>();
  for (const { user, read } of open.receipts) {
    const seq = own.findLast((item) => item.seq <= read)?.seq;
    if (seq !== undefined) readers.set(seq, [...(readers.get(seq) ?? []), user]);
  }
  return chat.me === null ? new Map() : readers;
}

function readBy({ chat, open, columns }: View, readers: readonly UserName[]): string {
  const conversation = conversationOf(chat, open.id);
  if (conversation?.kind === 'direct') return 'read';
  if (conversation && readers.length === othersOf(conversation, chat.me).length) return 'read by all';
  const names = `read by ${readers.map(printableLine).join(', ')}`;
  return widthOf(names) <= columns / 2 ? names : `read by ${readers.length}`;
}

// --- measures

function nameColumnsOf(open: OpenConversation, columns: number): number {
  if (columns < narrow) return 0;
  const longest = open.items.reduce((max, { sender, isOwn }) => Math.max(max, isOwn ? 3 : sender.length), 3);
  return Math.min(nameColumnsMax, longest);
}

function indentOf({ nameColumns }: View): number {
  return nameColumns === 0 ? 2 : timeColumns + nameColumns + 2;
}

/** The same person has the same color everywhere. */
export function colorOf(name: string): string {
  if (name === 'you') return 'white';
  let sum = 0;
  for (const char of name.toLowerCase()) sum = (sum * 31 + char.charCodeAt(0)) >>> 0;
  return nameColors[sum % nameColors.length]!;
}
