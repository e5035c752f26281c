import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../../../system/index.ts';
import { readCommand } from './proc.ts';
import { waitUntil } from './proof.ts';

/** Temporary folders are named `nawaab-<process id of the laboratory>-…`. */
export const folderPrefix = 'nawaab-';

/**
 * Removes the folders of laboratories that are gone, and ends a database that still runs in one. Nothing should ever be
 * found: the processes of a laboratory end with it. This is the net below that.
 */
export async function removeLeftovers(log: Log, root: string = tmpdir()): Promise<void> {
  for (const name of await readdir(root)) {
    const owner = new RegExp(`^${folderPrefix}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    const folder = join(root, name);
    log.write('warn', 'removing what an earlier run left behind', { folder });
    await endDatabase(join(folder, 'database', 'data'));
    await rm(folder, { recursive: true, force: true });
  }
}

// ---

const endMs = 5000;

/** Ends the PostgreSQL of this data directory, if there is one; its process id stands in `postmaster.pid`. */
async function endDatabase(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number((await readFile(file, 'utf8')).split('\n', 1)[0]);
  // The number may belong to another process by now.
  if (!readCommand(pid)?.includes(data)) return;
  process.kill(pid, 'SIGQUIT');
  await waitUntil(async () => !isAlive(pid), endMs);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
