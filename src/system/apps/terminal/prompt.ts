import { closeSync, openSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';
import { Problem } from '../../problem.ts';
import { printableLine } from '../shared/printable.ts';
import { edit, emptyEditor, insert, written } from './screen/editor.ts';
import { createKeyReader, type Key } from './screen/keys.ts';

/** Asks at the terminal, one line each. */
export interface Prompt {
  ask(question: string): Promise<string>;
  /** What is typed does not appear. */
  askSecret(question: string): Promise<string>;
  say(text: string): void;
  close(): void;
}

/** Ctrl-C at a question. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted at the keyboard');
    this.name = 'Interrupted';
  }
}

/** The terminal of standard input and output, or the one behind them when they are pipes; null when there is none. */
export function openPrompt(): Prompt | null {
  if (process.stdin.isTTY && process.stdout.isTTY) {
    return createPrompt(process.stdin, process.stdout, () => process.stdin.pause());
  }
  try {
    const fd = openSync('/dev/tty', 'r+');
    const input = new ReadStream(fd);
    const output = new WriteStream(fd);
    return createPrompt(input, output, () => {
      input.destroy();
      output.destroy();
      try {
        closeSync(fd);
      } catch {
        // The streams have closed it.
      }
    });
  } catch {
    return null;
  }
}

export function noTerminal(what: string, remedy: string): Problem {
  return new Problem(`${what} is needed and there is no terminal to ask at; ${remedy}.`);
}

// ---

function createPrompt(input: ReadStream, output: WriteStream, release: () => void): Prompt {
  const reader = createKeyReader();
  /** Typed and not yet asked for. */
  const ahead: Key[] = [];
  let wanted: ((key: Key) => void) | null = null;
  let isOpen = false;

  return {
    ask: (question) => readLine(question, true),
    askSecret: (question) => readLine(question, false),
    say: (text) => void output.write(`${printableLine(text)}\n`),
    close() {
      if (isOpen) {
        input.off('data', hear);
        input.setRawMode(false);
      }
      release();
    },
  };

  /** Before the first question, and until the last is answered: no key is ever echoed by the terminal itself. */
  function open(): void {
    if (isOpen) return;
    isOpen = true;
    input.setEncoding('utf8');
    input.setRawMode(true);
    input.on('data', hear);
    input.resume();
  }

  function hear(chunk: string): void {
    ahead.push(...reader.push(chunk));
    serve();
  }

  function serve(): void {
    while (wanted !== null && ahead.length > 0) wanted(ahead.shift()!);
  }

  function readLine(question: string, echo: boolean): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    let editor = emptyEditor;
    open();
    output.write(question);
    wanted = (key) => {
      if (key.kind === 'enter' || key.kind === 'newline') return end(() => resolve(written(editor)));
      if (key.kind === 'ctrl' && (key.letter === 'c' || key.letter === 'd'))
        return end(() => reject(new Interrupted()));
      if (key.kind === 'text') editor = insert(editor, key.text.replaceAll('\n', ''));
      if (key.kind === 'edit') editor = edit(editor, key.how);
      // The whole line each time: what was typed may have become shorter.
      if (echo) output.write(`\r\u001B[K${question}${printableLine(written(editor))}`);
    };
    const end = (settle: () => void) => {
      wanted = null;
      output.write('\n');
      settle();
    };
    serve();
    return promise;
  }
}
