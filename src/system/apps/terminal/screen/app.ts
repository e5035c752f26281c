import type { Chat } from '../../shared/chat.ts';
import type { Messenger } from '../../shared/messenger.ts';
import { commandIn } from './commands.ts';
import type { Desk } from './desk.ts';
import { edit, emptyEditor, insert, written } from './editor.ts';
import { type Frame, frameOf } from './frame.ts';
import { helpLines } from './help.ts';
import type { Key } from './keys.ts';
import { scrolledPanel } from './panels.ts';
import type { Pictures } from './pictures.ts';
import { createSearching } from './searching.ts';
import { createShowing } from './showing.ts';
import { createStage } from './stage.ts';
import { createThumbnails } from './thumbnails.ts';
import type { AskPanel, Size } from './ui.ts';
import { createWriting } from './writing.ts';

/** The program at the screen, without a screen: keys go in, frames come out. */
export interface App {
  frame(): Frame;
  press(key: Key): void;
  resize(size: Size): void;
  /** Calls back when there is a new frame; the answered function ends that. */
  subscribe(changed: () => void): () => void;
  /** Carries out a command as if it had been typed. */
  command(text: string): void;
  /** Resolves when the user wants to leave. */
  readonly left: Promise<void>;
}

export interface AppOptions {
  readonly messenger: Messenger;
  readonly chat: Chat;
  readonly size: Size;
  readonly now: () => number;
  /** Left out: images are a line of text. */
  readonly pictures?: Pick<Pictures, 'thumbnail' | 'show'>;
}

export function createApp({ messenger, chat, size, now, pictures }: AppOptions): App {
  const left = Promise.withResolvers<void>();
  const stage = createStage({ messenger, chat, size });
  const showing = createShowing(stage);
  const searching = createSearching(stage, showing.goTo);
  const { put, run, say } = stage;
  if (pictures?.thumbnail) createThumbnails(stage, pictures.thumbnail);

  const desk: Desk = {
    messenger,
    chat,
    current: stage.current,
    say,
    async settled({ outcome }) {
      if (messenger.state.connection !== 'online') say('It goes out when you are online.');
      const done = await outcome;
      if (done.kind === 'failed') say(`Not done: ${done.reason}`, true);
      return done.kind === 'sent' ? done.conversation : null;
    },
    show: showing.show,
    panel: showing.panel,
    codes: new Map(),
    ask: (question) => new Promise((answer) => put({ panel: { kind: 'ask', question, typed: emptyEditor, answer } })),
    shown() {
      const bottom = stage.ui.anchor?.seq ?? Number.MAX_SAFE_INTEGER;
      return (chat.state.open?.items ?? []).filter(({ seq }) => seq <= bottom);
    },
    async picture(image) {
      const lines = (await pictures?.show(image, stage.ui.size)) ?? (pictures ? null : []);
      put({ notice: null });
      if (lines?.length === 0) say('This terminal shows no pictures; /save it and open it elsewhere.', true);
      else if (lines) showing.panel(`Image, ${image.width}×${image.height}`, lines);
    },
    search: searching.begin,
    retryAll,
    help,
    quit: left.resolve,
  };
  const writing = createWriting(stage, desk);

  return {
    frame: () => frameOf(chat.state, stage.ui, now()),
    press(key) {
      if (stage.ui.notice) put({ notice: null });
      stage.guarded(() => press(key));
    },
    resize: (next) => put({ size: next }),
    subscribe: stage.subscribe,
    command(text) {
      const found = commandIn(text);
      if (found) stage.guarded(() => writing.command(found.name, found.rest));
    },
    left: left.promise,
  };

  // --- keys

  function press(key: Key) {
    const { panel, focus } = stage.ui;
    if (key.kind === 'ctrl') return control(key.letter);
    if (key.kind === 'help') return help();
    if (panel?.kind === 'search') return searching.press(key, panel);
    if (panel?.kind === 'ask') return answerKey(key, panel);
    if (panel) return panelKey(key);
    if (key.kind === 'next') return showing.neighbour(1);
    if (key.kind === 'previous') return showing.neighbour(-1);
    return focus === 'list' ? listKey(key) : writeKey(key);
  }

  function control(letter: string) {
    if (letter === 'c' || (letter === 'd' && writing.text === '')) return left.resolve();
    if (letter === 'f') return searching.begin('');
    if (letter === 'r') return retryAll();
    if (letter === 'g' && messenger.state.trouble === 'takenOver') messenger.start();
  }

  function panelKey(key: Key) {
    const { panel } = stage.ui;
    if (panel?.kind !== 'text') return;
    const by = scrollOf(key, stage.height);
    if (by !== null) return put({ panel: scrolledPanel(panel, by, stage.height) });
    const asksTwice = isText(key, '?') && panel.title === helpTitle;
    if (asksTwice) writing.write('?');
    if (asksTwice || key.kind === 'escape' || key.kind === 'enter' || isText(key, 'q')) showing.closePanel();
  }

  function answerKey(key: Key, panel: AskPanel) {
    const typed = key.kind === 'text' ? insert(panel.typed, key.text.replaceAll('\n', '')) : panel.typed;
    if (key.kind !== 'enter' && key.kind !== 'escape') {
      return put({ panel: { ...panel, typed: key.kind === 'edit' ? edit(typed, key.how) : typed } });
    }
    showing.closePanel();
    panel.answer(key.kind === 'enter' ? written(typed) : null);
  }

  function listKey(key: Key) {
    const { conversations } = chat.state;
    const { chosen } = stage.ui;
    const by = scrollOf(key, stage.height);
    if (by !== null) {
      const at = conversations.findIndex(({ id }) => id === chosen) + by;
      return put({ chosen: conversations[Math.max(0, Math.min(conversations.length - 1, at))]?.id ?? null });
    }
    if (key.kind === 'enter' && chosen !== null) return run(showing.show(chosen));
    if (isText(key, '?')) return help();
    put({ focus: 'write' });
    if (key.kind === 'text') writeKey(key);
    else showing.seen();
  }

  function writeKey(key: Key) {
    const { text } = writing;
    switch (key.kind) {
      case 'text':
        return key.text === '?' && text === '' ? help() : writing.write(key.text);
      case 'newline':
        return writing.write('\n');
      case 'edit':
        return writing.edit(key.how);
      case 'enter':
        return writing.enter();
      case 'tab':
        return writing.complete() ? undefined : toList();
      case 'escape':
        return stage.ui.anchor ? showing.scroll(Number.MAX_SAFE_INTEGER) : toList();
      case 'up':
      case 'down':
        if (text !== '') return writing.edit(key.kind === 'up' ? 'home' : 'end');
        return showing.scroll(key.kind === 'up' ? -1 : 1);
      default:
        return showing.scroll(scrollOf(key, stage.height) ?? 0);
    }
  }

  // --- small things

  function toList(): void {
    put({ focus: 'list', chosen: stage.openId ?? stage.ui.chosen });
  }

  function help(): void {
    showing.panel(helpTitle, helpLines(stage.ui.size.columns));
  }

  function retryAll(): void {
    const failures = messenger.waiting().filter(({ state }) => state.kind === 'failed');
    for (const { id } of failures) messenger.retry(id);
    say(failures.length === 0 ? 'Nothing has failed.' : `${failures.length} tried again.`);
  }
}

// ---

const helpTitle = 'Help';
const allLines = 1_000_000;

function isText(key: Key, text: string): boolean {
  return key.kind === 'text' && key.text === text;
}

/** Lines to scroll by; null when the key does not scroll. */
function scrollOf(key: Key, height: number): number | null {
  switch (key.kind) {
    case 'up':
      return -1;
    case 'down':
      return 1;
    case 'pageUp':
      return -Math.max(1, height - 2);
    case 'pageDown':
      return Math.max(1, height - 2);
    case 'first':
      return -allLines;
    case 'last':
      return allLines;
    default:
      return null;
  }
}
