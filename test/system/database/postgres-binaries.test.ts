import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPrograms, reachable } from '../../../src/system/database/postgres-binaries.ts';
import { runInitdb } from '../../../src/system/database/postgres-programs.ts';

const isRoot = process.getuid?.() === 0;

describe('the programs of PostgreSQL', () => {
  let parent: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'nawaab-test-'));
    await chmod(parent, 0o755);
  });
  afterEach(() => rm(parent, { recursive: true, force: true }));

  it.runIf(isRoot)('of a project of root in a folder that is closed to others run all the same', async () => {
    const found = await findPrograms(join(parent, 'found'));
    const closed = join(parent, 'closed');
    await mkdir(closed, { mode: 0o700 });
    await cp(dirname(dirname(found.postgres)), join(closed, 'native'), { recursive: true, verbatimSymlinks: true });
    const bin = join(closed, 'native', 'bin');
    const hidden = { ...found, initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };

    const programs = await reachable(hidden, join(parent, 'programs'));

    const passwordFile = join(parent, 'password');
    await writeFile(passwordFile, 'secret');
    const { signal } = new AbortController();
    const initdb = runInitdb(programs, { data: join(parent, 'data'), superuser: 'nawaab', passwordFile, signal });
    await expect(initdb).resolves.toBeUndefined();
  });

  it('are used where they are when their user can reach them', async () => {
    const programs = { initdb: '/bin/initdb', postgres: '/bin/postgres', identity: { uid: 65_534, gid: 65_534 } };
    expect(await reachable(programs, join(parent, 'programs'))).toBe(programs);
  });
});
