import type { ConversationId, Item, Seq } from '../../shared/messenger.ts';
import type { Line } from '../text/spans.ts';
import type { Editor } from './editor.ts';
import { emptyEditor } from './editor.ts';

/** What the user is doing at the screen: everything of it but the chat itself. */
export interface Ui {
  readonly size: Size;
  readonly focus: 'write' | 'list';
  /** What is pointed at while choosing. */
  readonly chosen: ConversationId | null;
  /** What is being written, for each conversation; `null` while none is open. */
  readonly drafts: ReadonlyMap<ConversationId | null, Editor>;
  /** The lowest line that is shown; null for the newest. */
  readonly anchor: Anchor | null;
  readonly panel: Panel | null;
  readonly notice: Notice | null;
  /** Drawn thumbnails, by `thumbnailKey`. */
  readonly thumbnails: ReadonlyMap<string, readonly Line[]>;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** A line of the entry at this place. */
export interface Anchor {
  readonly seq: Seq;
  readonly line: number;
}

/** What covers the conversation for a while. */
export type Panel = TextPanel | SearchPanel | AskPanel;

export interface TextPanel {
  readonly kind: 'text';
  readonly title: string;
  /** May be wider than the screen. */
  readonly lines: readonly Line[];
  /** First line that is shown. */
  readonly at: number;
}

export interface SearchPanel {
  readonly kind: 'search';
  readonly query: Editor;
  /** What `found` was found by; null before the first search. */
  readonly searched: string | null;
  readonly found: readonly Item[];
  readonly at: number;
  readonly isBusy: boolean;
}

/** A question. What is typed in answer does not appear. */
export interface AskPanel {
  readonly kind: 'ask';
  readonly question: string;
  readonly typed: Editor;
  /** Called with what was typed; null when the user gave up. */
  readonly answer: (typed: string | null) => void;
}

export interface Notice {
  readonly text: string;
  readonly isBad: boolean;
}

export function newUi(size: Size): Ui {
  const nothing = { chosen: null, anchor: null, panel: null, notice: null };
  return { size, focus: 'list', drafts: new Map(), thumbnails: new Map(), ...nothing };
}

export function draftOf({ drafts }: Ui, conversation: ConversationId | null): Editor {
  return drafts.get(conversation) ?? emptyEditor;
}

export function withDraft(ui: Ui, conversation: ConversationId | null, editor: Editor): Ui {
  return { ...ui, drafts: new Map(ui.drafts).set(conversation, editor) };
}

/** Columns of the list of conversations beside the open one; 0 where there is room for one of them only. */
export function listColumns({ columns }: Size): number {
  return columns < twoPanesFrom ? 0 : Math.min(28, Math.floor(columns / 4));
}

export function bodyColumns(size: Size): number {
  const list = listColumns(size);
  return list === 0 ? size.columns : size.columns - list - 2;
}

// ---

const twoPanesFrom = 60;
