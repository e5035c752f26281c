import {
  type Content,
  type Conversation,
  type EpochMs,
  type Item,
  isShown,
  type Operation,
  type Receipt,
  type Seq,
  type UserName,
} from '../../../browser.ts';
import { ownTexts, type Pending, unkept } from './outbox.ts';
import { dayOf } from './words.ts';

/** A line of a conversation as it is shown. Keys stay the same from the pressing of a key to the entry. */
export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly at: EpochMs }
  /** From here on it is new. */
  | { readonly kind: 'unread'; readonly key: string }
  | { readonly kind: 'event'; readonly key: string; readonly item: Item }
  | MessageRow;

export interface MessageRow {
  readonly kind: 'message';
  readonly key: string;
  readonly sender: UserName;
  readonly isOwn: boolean;
  readonly at: EpochMs;
  readonly content: Content;
  /** First, or last, of those that one person wrote in one go. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** Null of others' messages. */
  readonly status: MessageStatus | null;
  /** Of an entry. */
  readonly seq: Seq | null;
  /** Of what is none yet. */
  readonly operation: Operation | null;
}

export type MessageStatus = 'saving' | 'waiting' | 'failed' | 'sent' | 'delivered' | 'read';

export interface RowsOf {
  readonly conversation: Conversation;
  readonly me: UserName;
  readonly items: readonly Item[];
  /** Of this conversation. Shown below the entries, so only when these reach the newest. */
  readonly operations: readonly Operation[];
  readonly pending: readonly Pending[];
  readonly receipts: readonly Receipt[];
  /** What others wrote behind this place is new; null: nothing is. */
  readonly unreadAfter: Seq | null;
}

export function rowsOf(what: RowsOf): readonly Row[] {
  const { unreadAfter } = what;
  const items = what.items.filter(({ content }) => isShown(content));
  const shown = new Set(items.flatMap(({ id }) => (id === null ? [] : [id])));
  const operations = what.operations.filter(({ id, what: asked }) => asked === 'send' && !shown.has(id));
  const pending = unkept(what.pending, ownTexts([...items, ...operations]));
  const lines: Line[] = [
    ...items.map((item) => lineOfItem(item, what)),
    ...operations.map((operation) => lineOfOperation(operation, what.me)),
    ...pending.map((one) => lineOfPending(one, what.me)),
  ];
  const isNew = ({ seq, isOwn, content }: Item) => seq > unreadAfter! && !isOwn && !isEvent(content);
  // Where they begin is known only when what is before is there too.
  const reachesThere = unreadAfter !== null && (items[0]?.seq ?? 0) <= unreadAfter + 1;
  const firstNew = reachesThere ? items.findIndex(isNew) : -1;
  return withBreaks(lines, firstNew);
}

/** How far the others have come with an own entry: as far as the last of them. Sent only, where nobody tells. */
export function statusOf(seq: Seq, { conversation, me, receipts }: Pick<RowsOf, 'conversation' | 'me' | 'receipts'>) {
  const others = conversation.members.filter((member) => !isSame(member, me));
  const marks = others.map((member) => receipts.find(({ user }) => isSame(user, member)));
  if (others.length === 0 || marks.includes(undefined)) return 'sent';
  if (marks.every((mark) => mark!.read >= seq)) return 'read';
  return marks.every((mark) => mark!.delivered >= seq) ? 'delivered' : 'sent';
}

export function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

// ---

type Line = MessageRow | Extract<Row, { kind: 'event' }>;

/** Messages of one person within this time stand together. */
const togetherMs = 5 * 60_000;

/** Nobody said it. */
function isEvent({ kind }: Content): boolean {
  return kind === 'membership' || kind === 'expired';
}

function lineOfItem(item: Item, what: RowsOf): Line {
  const { id, seq, sender, isOwn, at, content } = item;
  if (isEvent(content)) return { kind: 'event', key: `s${seq}`, item };
  const status = isOwn ? statusOf(seq, what) : null;
  const key = id === null ? `s${seq}` : `o${id}`;
  return { kind: 'message', key, sender, isOwn, at, content, status, seq, operation: null, ...alone };
}

function lineOfOperation(operation: Operation, me: UserName): MessageRow {
  const { id, at, state } = operation;
  const content = operation.content ?? { kind: 'unknown', name: null, fallback: null };
  const status = state.kind === 'failed' ? 'failed' : state.kind === 'sent' ? 'sent' : 'waiting';
  const own = { kind: 'message', sender: me, isOwn: true, seq: null, ...alone } as const;
  return { ...own, key: `o${id}`, at, content, status, operation };
}

function lineOfPending({ key, at, text }: Pending, me: UserName): MessageRow {
  const own = { kind: 'message', sender: me, isOwn: true, seq: null, operation: null, ...alone } as const;
  return { ...own, key, at, content: { kind: 'text', text }, status: 'saving' };
}

const alone = { isFirst: true, isLast: true } as const;

function withBreaks(lines: readonly Line[], firstNew: number): readonly Row[] {
  const rows: Row[] = [];
  let day: string | null = null;
  for (const [index, line] of lines.entries()) {
    const before = lines[index - 1];
    // A gap has no time of its own.
    const isGap = line.kind === 'event' && line.item.content.kind === 'expired';
    const isNewDay = !isGap && dayOf(atOf(line)) !== day;
    if (isNewDay) rows.push({ kind: 'day', key: `d${dayOf(atOf(line))}`, at: atOf(line) });
    if (!isGap) day = dayOf(atOf(line));
    if (index === firstNew) rows.push({ kind: 'unread', key: 'unread' });
    if (line.kind === 'event') {
      rows.push(line);
      continue;
    }
    const isFirst = isNewDay || index === firstNew || !isTogether(before!, line);
    const after = lines[index + 1];
    const isLast = after === undefined || index + 1 === firstNew || !isTogether(line, after);
    rows.push({ ...line, isFirst, isLast });
  }
  return rows;
}

function isTogether(a: Line, b: Line): boolean {
  if (a.kind === 'event' || b.kind === 'event') return false;
  return a.sender === b.sender && b.at - a.at < togetherMs && dayOf(a.at) === dayOf(b.at);
}

function atOf(line: Line): EpochMs {
  return line.kind === 'event' ? line.item.at : line.at;
}
