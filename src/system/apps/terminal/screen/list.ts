import type { ChatState } from '../../shared/chat-state.ts';
import type { Conversation } from '../../shared/messenger.ts';
import { presenceIn } from '../../shared/people.ts';
import { printableLine } from '../../shared/printable.ts';
import type { Line, Style } from '../text/spans.ts';
import { bold, dim, sides, span } from '../text/spans.ts';
import type { Ui } from './ui.ts';

/** The conversations with what is unread, as much of them as there is room for around the chosen one. */
export function conversationList(
  chat: ChatState,
  ui: Ui,
  { height, columns }: { readonly height: number; readonly columns: number; readonly now: number },
): readonly Line[] {
  const { conversations } = chat;
  const pointed = ui.focus === 'list' ? ui.chosen : (chat.open?.id ?? null);
  const room = Math.max(1, height - 1);
  const at = conversations.findIndex(({ id }) => id === pointed);
  const from = Math.max(0, Math.min(at - Math.floor(room / 2), conversations.length - room));
  const shown = conversations.slice(from, from + room);
  const rows = shown.map((conversation) =>
    row(chat, conversation, { columns, ui, isPointed: conversation.id === pointed }),
  );
  return [heading(chat, columns), ...rows];
}

// ---

const unreadMax = 999;

function heading({ conversations }: ChatState, columns: number): Line {
  const unread = conversations.reduce((sum, each) => sum + each.unread, 0);
  return sides([span(' Conversations', dim)], unread === 0 ? [] : [span(` ${count(unread)} new`, dim)], columns);
}

function row(
  chat: ChatState,
  conversation: Conversation,
  { columns, ui, isPointed }: { readonly columns: number; readonly ui: Ui; readonly isPointed: boolean },
): Line {
  const { title, kind, unread, isMember, id } = conversation;
  const isChosen = isPointed && ui.focus === 'list';
  const style: Style = isChosen ? { inverse: true } : unread > 0 ? bold : isMember ? {} : dim;
  const pointer = isPointed ? '›' : ' ';
  const isOnline = presenceIn(chat, id)?.online === true;
  const sign = kind === 'group' ? span('#', style) : span(isOnline ? '•' : ' ', isChosen ? style : { color: 'green' });
  const right =
    unread > 0 && chat.open?.id !== id
      ? [span(` ${count(unread)} `, isChosen ? style : { color: 'cyan', bold: true })]
      : [];
  return sides([span(pointer, style), sign, span(printableLine(title), style)], right, columns);
}

function count(unread: number): string {
  return unread > unreadMax ? `${unreadMax}+` : String(unread);
}
