import { Problem } from '../../../problem.ts';
import type { Chat } from '../../shared/chat.ts';
import type { Conversation, ConversationId, Messenger } from '../../shared/messenger.ts';
import type { Editor } from './editor.ts';
import { timelineHeight } from './frame.ts';
import { type Row, timelineRows } from './timeline.ts';
import type { Size, Ui } from './ui.ts';
import { draftOf, newUi, withDraft } from './ui.ts';

/** What the parts of the program at the screen share. */
export interface Stage {
  readonly messenger: Messenger;
  readonly chat: Chat;
  readonly ui: Ui;
  put(changes: Partial<Ui>): void;
  /** Calls back when something changed; the answered function ends that. */
  subscribe(changed: () => void): () => void;
  readonly openId: ConversationId | null;
  /** The open conversation. Throws a `Problem` when there is none. */
  current(): Conversation;
  readonly draft: Editor;
  setDraft(editor: Editor, conversation?: ConversationId | null): void;
  /** The lines of the open conversation that are at hand. */
  rows(): readonly Row[];
  /** How many of them the screen shows. */
  readonly height: number;
  say(text: string, isBad?: boolean): void;
  failed(error: unknown): void;
  /** Says what goes wrong in it. */
  guarded(work: () => void): void;
  run(work: Promise<void>): void;
}

export function createStage({ messenger, chat, size }: { messenger: Messenger; chat: Chat; size: Size }): Stage {
  const listeners = new Set<() => void>();
  let ui = newUi(size);
  chat.subscribe(tell);

  const stage: Stage = {
    messenger,
    chat,
    get ui() {
      return ui;
    },
    put(changes) {
      ui = { ...ui, ...changes };
      tell();
    },
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    get openId() {
      return chat.state.open?.id ?? null;
    },
    current() {
      const conversation = stage.openId === null ? null : messenger.conversation(stage.openId);
      if (conversation) return conversation;
      throw new Problem('No conversation is open; choose one with Tab, or begin one with /chat NAME.');
    },
    get draft() {
      return draftOf(ui, stage.openId);
    },
    setDraft: (editor, conversation = stage.openId) => stage.put(withDraft(ui, conversation, editor)),
    rows() {
      const { open } = chat.state;
      return open ? timelineRows(chat.state, open, ui) : [];
    },
    get height() {
      return timelineHeight(chat.state, ui);
    },
    say: (text, isBad = false) => stage.put({ notice: { text, isBad } }),
    failed(error) {
      if (error instanceof Problem) stage.say(error.message, true);
      else stage.say(`This is a defect of nawaab: ${error instanceof Error ? error.message : String(error)}`, true);
    },
    guarded(work) {
      try {
        work();
      } catch (error) {
        stage.failed(error);
      }
    },
    run(work) {
      work.catch(stage.failed);
    },
  };
  return stage;

  function tell(): void {
    for (const listener of listeners) listener();
  }
}
