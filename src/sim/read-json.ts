import { readFileSync } from 'node:fs';
import { Problem } from './problem.ts';

/** The value of a file. Throws a `Problem` when it is not JSON. */
export function readJson(path: string): unknown {
  const text = readFileSync(path, 'utf8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem(`${path} is not JSON: ${(cause as Error).message.replaceAll(/\s+/g, ' ')}.`, { cause });
  }
}
