import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writer } from './reporter.ts';

/** The part of a terminal stream (`process.stdout`) that a writer needs. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const widthWithoutTerminal = 100;

/**
 * A writer into a folder and a stream.
 * Colour: never with NO_COLOR (whatever its value, if not empty), always with FORCE_COLOR, else on a terminal.
 */
export function createWriter(options: {
  readonly directory: string;
  readonly stream: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Writer {
  const { directory, stream, env } = options;
  return {
    async file(name, content) {
      await mkdir(directory, { recursive: true });
      // A reader, or a browser left open, never meets half a file.
      const whole = join(directory, name);
      await writeFile(`${whole}.part`, content);
      await rename(`${whole}.part`, whole);
    },
    print: (text) => void stream.write(text),
    color: !env.NO_COLOR && (Boolean(env.FORCE_COLOR) || stream.isTTY === true),
    width: stream.columns ?? widthWithoutTerminal,
  };
}
