import type { ChatState } from '../../shared/chat-state.ts';
import { conversationOf } from '../../shared/chat-state.ts';
import { printableLine } from '../../shared/printable.ts';
import type { Line, Span } from '../text/spans.ts';
import { dim, fitLine, line, rule, sides, span } from '../text/spans.ts';
import { widthOf } from '../text/width.ts';
import { commandHints } from './commands.ts';
import { composer } from './composer.ts';
import { conversationHead, statusLine, typingText, warningLines } from './heads.ts';
import { helpKeys } from './help.ts';
import { conversationList } from './list.ts';
import { panelLines } from './panels.ts';
import { timelineRows, windowOf } from './timeline.ts';
import type { Ui } from './ui.ts';
import { bodyColumns, draftOf, listColumns } from './ui.ts';

/** A screen: its lines, each exactly as wide as it, and where the cursor stands. */
export interface Frame {
  readonly lines: readonly Line[];
  readonly cursor: { readonly x: number; readonly y: number } | null;
}

/** Draws everything, from nothing but what is given. One row is left free: ink clears the screen when the last is used. */
export function frameOf(chat: ChatState, ui: Ui, now: number): Frame {
  const { columns, rows } = ui.size;
  const compose = composer(draftOf(ui, chat.open?.id ?? null), ui, Math.max(1, Math.floor(rows / 4)));
  const height = bodyHeight(ui, compose.lines.length);
  const above = [statusLine(chat, columns), ...bodyLines(chat, ui, { height, now }), topLine(chat, ui)];
  const written = [...above, ...compose.lines];
  // Where there is no room for all of it, what is being written is the last to go.
  const room = Math.max(1, rows - 1);
  const cut = Math.max(0, written.length - room);
  const lines = written.length < room ? [...written, line(helpKeys(ui, columns), dim)] : written.slice(cut);
  const writes = ui.focus === 'write' && ui.panel === null && chat.open !== null;
  const y = above.length + compose.y - cut;
  return {
    lines: lines.map((each) => fitLine(each, columns)),
    cursor: writes ? { x: Math.min(columns - 1, compose.x), y: Math.max(0, y) } : searchCursor(ui, height),
  };
}

/** Lines for the conversation, when so many are taken by what is being written. */
export function bodyHeight({ size }: Ui, composeLines: number): number {
  // Status, the line above the draft, and help.
  return Math.max(1, size.rows - 1 - 3 - composeLines);
}

/** Lines that the open conversation has on the screen now: without its head and warnings. */
export function timelineHeight(chat: ChatState, ui: Ui): number {
  const conversation = conversationOf(chat, chat.open?.id);
  const compose = composer(draftOf(ui, chat.open?.id ?? null), ui, Math.max(1, Math.floor(ui.size.rows / 4)));
  const warnings = conversation ? warningLines(chat, conversation, bodyColumns(ui.size)).length : 0;
  return Math.max(1, bodyHeight(ui, compose.lines.length) - 1 - warnings);
}

// ---

interface Body {
  readonly height: number;
  readonly now: number;
}

function bodyLines(chat: ChatState, ui: Ui, body: Body): readonly Line[] {
  const list = ui.panel ? 0 : listColumns(ui.size);
  if (list === 0)
    return ui.focus === 'list' && !ui.panel ? listLines(chat, ui, body, ui.size.columns) : main(chat, ui, body);
  const left = listLines(chat, ui, body, list);
  const right = main(chat, ui, body);
  return left.map((each, index) => [...fitLine(each, list), span('│ ', dim), ...(right[index] ?? [])]);
}

function listLines(chat: ChatState, ui: Ui, { height, now }: Body, columns: number): readonly Line[] {
  return filled(conversationList(chat, ui, { height, columns, now }), height);
}

function main(chat: ChatState, ui: Ui, body: Body): readonly Line[] {
  const { columns: all } = ui.size;
  if (ui.panel)
    return filled(panelLines(ui.panel, { columns: all, height: body.height, chat, now: body.now }), body.height);
  const columns = bodyColumns(ui.size);
  const conversation = conversationOf(chat, chat.open?.id);
  if (!chat.open || !conversation) return filled(emptyLines(chat), body.height);
  const warnings = warningLines(chat, conversation, columns);
  const height = Math.max(1, body.height - 1 - warnings.length);
  const rows = windowOf(timelineRows(chat, chat.open, ui), ui.anchor, height);
  const shown = rows.map(({ spans }) => spans);
  // The newest line stands right above what is being written.
  const space = Array.from({ length: Math.max(0, height - shown.length) }, (): Line => []);
  const lines = [conversationHead(chat, conversation, { columns, now: body.now }), ...warnings, ...space, ...shown];
  return lines.slice(-body.height);
}

function emptyLines({ conversations, state }: ChatState): readonly Line[] {
  if (conversations.length > 0) return [[], line('  Choose a conversation with ↑ ↓ and Enter.', dim)];
  return [
    [],
    line('  No conversations yet.', { bold: true }),
    [],
    line('  /chat bob                 write to bob'),
    line('  /group Trip: bob, carol   make a group'),
    [],
    line(
      state.connection === 'online' ? '  Type one of these and press Enter.' : '  It goes out when you are online.',
      dim,
    ),
  ];
}

/** Between the conversation and what is being written. */
function topLine(chat: ChatState, ui: Ui): Line {
  const { columns } = ui.size;
  const hint = noticeOf(chat, ui);
  const below = ui.anchor ? ' ▼ newer below, Ctrl-End ' : '';
  const border = rule(below === '' ? '' : below.trim(), columns);
  return hint === null ? border : sides(hint, below === '' ? [] : line(below, dim), columns);
}

/** What is to be said just above what is being written; null for nothing. */
function noticeOf(chat: ChatState, ui: Ui): Line | null {
  const hints = commandHints(draftOf(ui, chat.open?.id ?? null));
  if (hints !== null) return hints.length === 0 ? line(' no such command; /help lists them', dim) : hintLine(hints);
  if (ui.notice)
    return line(` ${printableLine(ui.notice.text)}`, ui.notice.isBad ? { color: 'red' } : { color: 'green' });
  const typing = typingText(chat);
  return typing === null ? null : line(` ${typing}`, dim);
}

function hintLine(hints: readonly string[]): Line {
  const [first, ...others] = hints;
  const rest: readonly Span[] = others.map((hint) => span(`  ${hint.split(' ', 1)[0]}`, dim));
  return [span(` ${first}`, { color: 'cyan' }), ...rest];
}

function filled(lines: readonly Line[], height: number): readonly Line[] {
  const missing = Math.max(0, height - lines.length);
  return [...lines.slice(0, height), ...Array.from({ length: missing }, (): Line => [])];
}

function searchCursor({ panel, size }: Ui, height: number): Frame['cursor'] {
  if (panel?.kind !== 'search' || height < 2) return null;
  return { x: Math.min(size.columns - 1, 8 + widthOf(panel.query.before)), y: 1 };
}
