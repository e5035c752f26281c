import { inUseProblem } from '../client/local/rules.ts';
import { Problem } from '../problem.ts';

/** What failed, in one sentence: the database, the cause, the remedy. */
export function sqliteProblem(path: string, error: unknown): Problem {
  if (error instanceof Problem) return error;
  const cause = error instanceof Error ? error.message : String(error);
  return sentenceOf(path, reasonOf(error), cause);
}

// ---

type Reason = keyof typeof sentences | 'inUse' | 'unknown';

const sentences = {
  full: (path: string) => `There is no room left for the local database ${path}; free some space and start again.`,
  damaged: (path: string) =>
    `The local database ${path} is damaged or is none; put a copy in its place, or move it away to begin a new one.`,
  denied: (path: string) =>
    `The local database ${path} may not be read and written by this user; change the permissions of the file and its folder.`,
  missing: (path: string) => `The local database ${path} cannot be opened; name a file in a folder that exists.`,
} as const;

/** Primary result codes of SQLite: https://www.sqlite.org/rescode.html */
const reasonsOfSqlite: Readonly<Record<number, Reason>> = {
  3: 'denied',
  5: 'inUse',
  8: 'denied',
  11: 'damaged',
  13: 'full',
  14: 'missing',
  23: 'denied',
  26: 'damaged',
};

const reasonsOfSystem: Readonly<Record<string, Reason>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  EISDIR: 'missing',
  EEXIST: 'missing',
};

function reasonOf(error: unknown): Reason {
  const { errcode, code } = error as { errcode?: unknown; code?: unknown };
  if (typeof errcode === 'number') return reasonsOfSqlite[errcode & 0xff] ?? 'unknown';
  return reasonsOfSystem[String(code)] ?? 'unknown';
}

function sentenceOf(path: string, reason: Reason, cause: string): Problem {
  if (reason === 'inUse') return inUseProblem(path);
  if (reason !== 'unknown') return new Problem(sentences[reason](path));
  return new Problem(`The local database ${path} failed (${cause}); start again, and look at its disk if it goes on.`);
}
