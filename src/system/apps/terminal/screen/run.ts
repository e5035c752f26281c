import { constants } from 'node:os';
import { createChat } from '../../shared/chat.ts';
import type { Messenger } from '../../shared/messenger.ts';
import { chatExit } from '../options.ts';
import { createApp } from './app.ts';
import { createKeyReader } from './keys.ts';
import { mount } from './mount.ts';
import { createPictures } from './pictures.ts';
import { takeTerminal } from './terminal.ts';

const frameMs = 16;

/** The program at the screen, until the user leaves. Resolves with the exit status; the terminal is as it was before. */
export async function runScreen(messenger: Messenger, { to }: { readonly to?: string | undefined }): Promise<number> {
  const { stdin, stdout } = process;
  const chat = createChat(messenger, { soon: (call) => setTimeout(call, frameMs) });
  const size = () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 });
  const pictures = createPictures(stdout, () => screen);
  const app = createApp({ messenger, chat, size: size(), now: Date.now, pictures });
  const ended = Promise.withResolvers<number>();
  const bySignal = (name: NodeJS.Signals) => ended.resolve(128 + constants.signals[name]);
  const signals = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;
  for (const name of signals) process.on(name, bySignal);
  // What nobody foresaw is to be read after the terminal is as it was, not on a screen that vanishes.
  process.on('uncaughtException', ended.reject);
  let terminal = takeTerminal(stdin, stdout, hear);
  const screen = mount(app, stdout, (error) => ended.reject(error));
  const resized = () => {
    app.resize(size());
    if (!pictures.isShown) screen.redraw();
  };
  stdout.on('resize', resized);
  try {
    messenger.start();
    if (to !== undefined) app.command(`/chat ${to}`);
    return await Promise.race([app.left.then(() => chatExit.done), ended.promise]);
  } finally {
    stdout.off('resize', resized);
    screen.unmount();
    terminal.release();
    chat.close();
    for (const name of signals) process.off(name, bySignal);
    process.off('uncaughtException', ended.reject);
  }

  /** As the shell's other programs: stopped until `fg`. Where no shell waits for that, the kernel lets it go on at once. */
  function suspend(): void {
    if (process.platform === 'win32') return;
    screen.pause();
    terminal.release();
    process.kill(0, 'SIGTSTP');
    setTimeout(() => {
      terminal = takeTerminal(stdin, stdout, hear);
      resized();
      screen.redraw();
    }, stoppedMs);
  }

  function hear(chunk: string): void {
    for (const key of reader.push(chunk)) {
      if (pictures.isShown) pictures.hide();
      else if (key.kind === 'ctrl' && key.letter === 'l') screen.redraw();
      else if (key.kind === 'ctrl' && key.letter === 'z') suspend();
      else app.press(key);
    }
  }
}

// ---

/** Longer than a signal takes to oneself. */
const stoppedMs = 50;

const reader = createKeyReader();
