import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type JunitCase, junitDocument, junitOfFailure } from '../../metrics/index.ts';
import { Problem } from '../problem.ts';

/** One JUnit file for everything that a command runs. */
export interface JunitFile {
  /** Everything that was added is in the file from then on, however the command ends. */
  add(cases: readonly JunitCase[]): void;
  /** There is no verdict on this scenario, for this reason. */
  failed(scenario: string, reason: unknown): void;
}

/**
 * Replaces what an earlier command left under this name at once, and makes the folder: that it cannot be written is known before
 * anything runs. Throws `Problem` then. No path, no file.
 */
export function openJunitFile(path: string | undefined): JunitFile {
  if (path === undefined) return { add: () => {}, failed: () => {} };
  const all: JunitCase[] = [];
  const add = (cases: readonly JunitCase[]): void => {
    all.push(...cases);
    writeFileSync(resolve(path), junitDocument(all));
  };
  try {
    mkdirSync(dirname(resolve(path)), { recursive: true });
    add([]);
  } catch (error) {
    throw new Problem(`--junit ${path} cannot be written: ${messageOf(error)}.`, { cause: error });
  }
  return {
    add,
    failed: (scenario, reason) => add(junitOfFailure(scenario, new Date().toISOString(), messageOf(reason))),
  };
}

// ---

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
