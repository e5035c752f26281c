/** Turns what a command threw into a sentence for people and an exit status. */
import { CommanderError } from 'commander';
import { Problem } from '../problem.ts';
import { exitStatus } from './exit.ts';

export interface Explanation {
  readonly status: number;
  /** Null when it was said already. */
  readonly text: string | null;
}

/** One sentence when a person can mend it; with the stack when it is a defect of ours. `what` failed, said before it. */
export function explain(error: unknown, what?: string): Explanation {
  if (error instanceof CommanderError)
    return { status: error.exitCode === 0 ? exitStatus.pass : exitStatus.couldNotRun, text: null };
  const text = sentence(error) ?? `this is a defect of nawaab; please report it with these lines:\n${stackOf(error)}`;
  return { status: exitStatus.couldNotRun, text: `nawaab: ${what === undefined ? '' : `${what}: `}${text}` };
}

// ---

/** What the operating system says when it can do no more, and what a person can do. */
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: make room, or name a folder on another disk.',
  EDQUOT: 'Your share of the disk is used up: make room, or name a folder on another disk.',
  EACCES: 'There is no permission for that: name another folder, or change who may write there.',
  EPERM: 'There is no permission for that: name another folder, or change who may write there.',
  EROFS: 'That disk can only be read: name another folder.',
  ENOTDIR: 'Something on that path is a file: name another folder.',
  EISDIR: 'That is a folder: name a file.',
  ENOENT: 'There is no such file or folder: check the name.',
  EMFILE: 'This process may not open more files: raise the limit with `ulimit -n`, or take fewer users.',
  ENFILE: 'This machine may not open more files: stop other programs, or take fewer users.',
  ENOMEM: 'There is not enough memory: stop other programs, or take fewer users.',
  EAGAIN: 'This machine may not start more processes: stop other programs.',
};

function sentence(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error instanceof Problem || error.name === 'Problem') return error.message;
  const remedy = remedies[codeOf(error)];
  return remedy === undefined ? null : `${error.message.replace(/\.$/, '')}. ${remedy}`;
}

/** The code of the operating system in an error, in its cause, or, when it came from another thread, in its words. */
function codeOf(error: Error): string {
  if ('syscall' in error && 'code' in error) return String(error.code);
  if (error.cause instanceof Error) return codeOf(error.cause);
  return /: (E[A-Z]+): [a-z]/.exec(error.message)?.[1] ?? '';
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
