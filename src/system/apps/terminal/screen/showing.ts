import type { Chat } from '../../shared/chat.ts';
import type { ConversationId, Item } from '../../shared/messenger.ts';
import type { Line } from '../text/spans.ts';
import { emptyEditor, written } from './editor.ts';
import type { Stage } from './stage.ts';
import { anchorAt, scrolled } from './timeline.ts';

/** Which conversation is on the screen, and which part of it. */
export interface Showing {
  /** Opens a conversation for writing. */
  show(conversation: ConversationId): Promise<void>;
  /** Opens an entry's conversation at the entry. */
  goTo(item: Item): Promise<void>;
  /** Opens the conversation that stands so many places further in the list. */
  neighbour(by: number): void;
  /** By so many lines, upwards when negative; brings older entries to hand near the top. */
  scroll(by: number): void;
  panel(title: string, lines: readonly Line[]): void;
  closePanel(): void;
  /** What stands on the screen counts as read. */
  seen(): void;
}

export function createShowing(stage: Stage): Showing {
  const { chat, put, run } = stage;
  stage.subscribe(() => {
    const { conversations } = chat.state;
    if (conversations.some(({ id }) => id === stage.ui.chosen)) return;
    if (conversations.length > 0 || stage.ui.chosen !== null) put({ chosen: conversations[0]?.id ?? null });
  });
  chat.subscribe(seen);
  put({ chosen: chat.state.conversations[0]?.id ?? null });

  return {
    show,
    async goTo(item) {
      if (stage.openId !== item.conversation) await show(item.conversation);
      await chat.backTo(item.seq);
      put({ panel: null, focus: 'write', anchor: anchorAt(stage.rows(), item.seq, stage.height) });
    },
    neighbour(by) {
      const { conversations } = chat.state;
      if (conversations.length === 0) return;
      const at = conversations.findIndex(({ id }) => id === stage.openId);
      const next = conversations[(at + by + conversations.length) % conversations.length];
      if (next) run(show(next.id));
    },
    scroll(by) {
      const { open } = chat.state;
      if (by === 0 || !open) return;
      put({ anchor: scrolled(stage.rows(), stage.ui.anchor, by, stage.height) });
      if (by < 0 && isNearTop(open, stage)) run(chat.older());
      seen();
    },
    panel: (title, lines) => put({ panel: { kind: 'text', title, lines, at: 0 } }),
    closePanel() {
      put({ panel: null });
      seen();
    },
    seen,
  };

  async function show(conversation: ConversationId): Promise<void> {
    const begun = stage.openId === null ? stage.draft : emptyEditor;
    await chat.open(conversation);
    put({ focus: 'write', chosen: conversation, anchor: null, panel: null });
    // What was written before there was a conversation was meant for this one.
    if (written(begun) !== '' && written(stage.draft) === '') {
      stage.setDraft(emptyEditor, null);
      stage.setDraft(begun);
    }
    seen();
  }

  function seen(): void {
    const { panel, anchor, focus } = stage.ui;
    if (panel !== null || anchor !== null || focus !== 'write' || !chat.state.open) return;
    chat.trim();
    run(chat.read());
  }
}

// ---

/** Whether there is less than a screen above, or nothing else to scroll to. */
function isNearTop({ items }: NonNullable<Chat['state']['open']>, { ui, rows, height }: Stage): boolean {
  const first = items[0]?.seq ?? 0;
  return (ui.anchor?.seq ?? 0) - first < height * 2 || rows().length <= height;
}
