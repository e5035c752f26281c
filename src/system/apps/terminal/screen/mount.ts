import type { WriteStream } from 'node:tty';
import { Box, render, Text, useCursor } from 'ink';
import { createElement as h, type ReactNode, useSyncExternalStore } from 'react';
import { printableLine } from '../../shared/printable.ts';
import type { Line, Span } from '../text/spans.ts';
import type { App } from './app.ts';
import type { Frame } from './frame.ts';
import { clear } from './terminal.ts';

/** Frames on a terminal. */
export interface Mounted {
  /** Draws everything anew, whatever the screen shows. */
  redraw(): void;
  /** Draws no more until `redraw`. */
  pause(): void;
  unmount(): void;
}

export function mount(app: App, stdout: WriteStream, failed: (error: unknown) => void): Mounted {
  const store = createStore(app);
  let ink = draw();
  return {
    redraw() {
      ink.unmount();
      stdout.write(clear);
      ink = draw();
    },
    pause: () => ink.unmount(),
    unmount() {
      store.close();
      ink.unmount();
    },
  };

  function draw() {
    const options = { stdout, exitOnCtrlC: false, patchConsole: false };
    const drawn = render(h(Screen, { store }), options);
    drawn.waitUntilExit().catch(failed);
    return drawn;
  }
}

// ---

interface Store {
  subscribe(changed: () => void): () => void;
  frame(): Frame;
  close(): void;
}

/** React asks again and again, and must get the same frame as long as nothing has changed. */
function createStore(app: App): Store {
  let frame: Frame | null = null;
  const listeners = new Set<() => void>();
  const close = app.subscribe(() => {
    frame = null;
    for (const listener of listeners) listener();
  });
  return {
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    frame() {
      frame ??= app.frame();
      return frame;
    },
    close,
  };
}

function Screen({ store }: { readonly store: Store }): ReactNode {
  const { lines, cursor } = useSyncExternalStore(store.subscribe, store.frame);
  const { setCursorPosition } = useCursor();
  setCursorPosition(cursor ?? undefined);
  return h(Box, { flexDirection: 'column' }, ...lines.map(row));
}

function row(spans: Line, index: number): ReactNode {
  return h(Text, { key: index, wrap: 'truncate' }, ...spans.map(piece));
}

/** The only place where text comes to the terminal. It is harmless already; here is who makes sure. */
function piece({ text, style = {} }: Span, index: number): ReactNode {
  const { color, background, bold, dim, inverse } = style;
  const colors = hasColor ? { ...(color && { color }), ...(background && { backgroundColor: background }) } : {};
  const looks = { ...colors, ...(bold && { bold }), ...(dim && { dimColor: true }), ...(inverse && { inverse }) };
  return h(Text, { key: index, ...looks }, printableLine(text));
}

const hasColor = !process.env.NO_COLOR;
