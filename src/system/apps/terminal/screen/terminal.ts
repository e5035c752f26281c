import { writeSync } from 'node:fs';
import type { ReadStream, WriteStream } from 'node:tty';
import { pasteMode } from './keys.ts';

/** The terminal while a screen program has it. */
export interface Taken {
  /** Gives it back as it was. May be called again. */
  release(): void;
}

/**
 * Takes the terminal: a screen of its own, every key at once. It is given back also when the process ends without
 * `release`, whatever ends it but SIGKILL.
 */
export function takeTerminal(stdin: ReadStream, stdout: WriteStream, hear: (chunk: string) => void): Taken {
  let isTaken = true;
  stdin.setEncoding('utf8');
  stdin.setRawMode(true);
  stdin.on('data', hear);
  stdin.resume();
  stdout.write(`${ownScreen.on}${pasteMode.on}${clear}`);
  process.on('exit', release);
  return { release };

  function release(): void {
    if (!isTaken) return;
    isTaken = false;
    process.off('exit', release);
    stdin.off('data', hear);
    stdin.setRawMode(false);
    stdin.pause();
    // Synchronously: the process may be ending.
    writeSync(1, `${pasteMode.off}${showCursor}${ownScreen.off}`);
  }
}

/** Empties the screen and goes to its beginning. */
export const clear = '\u001B[2J\u001B[H';

// ---

const ownScreen = { on: '\u001B[?1049h', off: '\u001B[?1049l' } as const;
const showCursor = '\u001B[?25h';
