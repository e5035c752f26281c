import type { ChatState } from '../../shared/chat-state.ts';
import { conversationOf } from '../../shared/chat-state.ts';
import type { Item } from '../../shared/messenger.ts';
import { printableLine } from '../../shared/printable.ts';
import type { Line } from '../text/spans.ts';
import { bold, dim, line, rule, span } from '../text/spans.ts';
import { shortTime } from '../text/time.ts';
import { cut } from '../text/width.ts';
import { written } from './editor.ts';
import { sayingOf } from './saying.ts';
import type { AskPanel, Panel, SearchPanel, TextPanel } from './ui.ts';

interface Place {
  readonly columns: number;
  readonly height: number;
  readonly chat: ChatState;
  readonly now: number;
}

export function panelLines(panel: Panel, place: Place): readonly Line[] {
  if (panel.kind === 'ask') return askLines(panel, place);
  return panel.kind === 'text' ? textLines(panel, place) : searchLines(panel, place);
}

/** Where a text panel is after scrolling. */
export function scrolledPanel(panel: TextPanel, by: number, height: number): TextPanel {
  const most = Math.max(0, panel.lines.length - (height - 1));
  return { ...panel, at: Math.max(0, Math.min(most, panel.at + by)) };
}

// ---

function textLines({ title, lines, at }: TextPanel, { columns, height }: Place): readonly Line[] {
  const shown = lines.slice(at, at + height - 1);
  const more = lines.length > at + height - 1 ? ' (↓ more)' : '';
  return [rule(`${printableLine(title)}${more}`, columns), ...shown];
}

/** That something is typed can be seen, what it is and how much cannot. */
function askLines({ question, typed }: AskPanel, { columns }: Place): readonly Line[] {
  const state = written(typed) === '' ? '' : '  (typed; it does not appear)';
  return [rule(printableLine(question), columns), line(state, dim)];
}

function searchLines(panel: SearchPanel, place: Place): readonly Line[] {
  const { columns, height } = place;
  const query = [span('Search: ', bold), span(printableLine(written(panel.query)))];
  const room = Math.max(1, Math.floor((height - 2) / 2));
  const from = Math.max(0, Math.min(panel.at - Math.floor(room / 2), panel.found.length - room));
  const found = panel.found.slice(from, from + room);
  return [
    query,
    rule(searchTitle(panel), columns),
    ...found.flatMap((item, i) => foundLines(item, from + i === panel.at, place)),
  ];
}

function searchTitle({ searched, found, isBusy }: SearchPanel): string {
  if (isBusy) return 'searching …';
  if (searched === null) return 'Enter searches all conversations on this device';
  if (found.length === 0) return `nothing with “${printableLine(searched)}”`;
  return `${found.length} found, ↑ ↓ choose, Enter goes there`;
}

function foundLines(item: Item, isPointed: boolean, { chat, columns, now }: Place): readonly Line[] {
  const title = conversationOf(chat, item.conversation)?.title ?? '';
  const who = item.isOwn ? 'you' : item.sender;
  const head = `${isPointed ? '›' : ' '} ${shortTime(item.at, now)}  ${printableLine(title)}: ${printableLine(who)}`;
  const text = `    ${sayingOf(item.content).text.replaceAll('\n', ' ')}`;
  return [line(cut(head, columns), isPointed ? { inverse: true } : dim), line(cut(text, columns))];
}
