import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '../../../src/system/database/postgres-embedded.ts';
import { silentLog } from '../../helpers/postgres.ts';

describe('a PostgreSQL of our own', () => {
  let parent: string;
  let directory: string;
  const running: EmbeddedPostgres[] = [];

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'nawaab-test-'));
    await chmod(parent, 0o755);
    directory = join(parent, 'database');
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop()));
    await rm(parent, { recursive: true, force: true });
  });

  async function start(more: Partial<EmbeddedPostgresOptions> = {}) {
    const server = await startEmbeddedPostgres({ directory, persistent: false, log: silentLog, ...more });
    running.push(server);
    return server;
  }

  it('writes to the disk before it answers, unless told otherwise, and takes other settings', async () => {
    const server = await start({ settings: { work_mem: '7MB' } });
    expect(await show(server.url, 'fsync', 'synchronous_commit', 'full_page_writes', 'work_mem')).toEqual([
      'on',
      'on',
      'on',
      '7MB',
    ]);
  });

  it('leaves neither processes nor files behind', async () => {
    const server = await start();
    const children = await childrenOf(server.pid);
    expect(children.length).toBeGreaterThan(0);
    await server.stop();
    await server.stop();
    expect(existsSync(directory)).toBe(false);
    expect([server.pid, ...children].filter(lives)).toEqual([]);
  });

  it('keeps a persistent database, to go on with it at the same address', async () => {
    const first = await start({ persistent: true });
    await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.stop();
    expect(lives(first.pid)).toBe(false);
    const again = await start({ persistent: true, port: Number(new URL(first.url).port) });
    expect(again.url).toBe(first.url);
    expect(await query(again.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('can be ended, in order, at once or by kill -9, and started again where it was', async () => {
    const server = await start();
    await query(server.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    for (const how of ['fast', 'immediate', 'kill'] as const) {
      const before = [server.pid, ...(await childrenOf(server.pid))];
      const acts = [server.halt(how), server.start()];
      await Promise.all(acts);
      expect(before.filter(lives)).toEqual([]);
      expect(lives(server.pid)).toBe(true);
      expect(await query(server.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    }
    await server.halt('kill');
    expect(server.alive).toBe(false);
    await server.stop();
    expect(existsSync(directory)).toBe(false);
    await expect(server.start()).rejects.toThrow('stopped for good');
  });

  it('is closed to those without the password', async () => {
    const url = new URL((await start()).url);
    url.password = 'wrong';
    await expect(query(url.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
  });

  it('ends, and its files go, when the program that started it is killed', async () => {
    const owner = await startInOtherProgram(directory, false);
    owner.program.kill('SIGKILL');
    await expect.poll(() => lives(owner.pid) || existsSync(directory), { timeout: 20_000 }).toBe(false);
  });

  it('ends in order, and its files stay, when its database is persistent', async () => {
    const owner = await startInOtherProgram(directory, true);
    await query(owner.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    owner.program.kill('SIGKILL');
    const pidFile = join(directory, 'data', 'postmaster.pid');
    await expect.poll(() => lives(owner.pid) || existsSync(pidFile), { timeout: 20_000 }).toBe(false);
    const again = await start({ persistent: true });
    expect(await query(again.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it.runIf(process.platform === 'linux')('tells that it was killed, and leaves no shared memory behind', async () => {
    const died = Promise.withResolvers<number | string>();
    const server = await start({ died: died.resolve });
    const before = sharedMemoryOf(server.pid);
    expect(before.segments).toHaveLength(1);
    expect(before.files.length).toBeGreaterThan(0);
    process.kill(server.pid, 'SIGKILL');
    expect(await died.promise).toBe('SIGKILL');
    await server.stop();
    expect(sharedMemoryOf(server.pid).segments).toEqual([]);
    expect(before.files.filter((file) => existsSync(file))).toEqual([]);
    expect(existsSync(directory)).toBe(false);
  });

  it('is given up in the middle of its making, and leaves nothing behind', async () => {
    const giveUp = new AbortController();
    const given = start({ signal: giveUp.signal });
    await expect
      .poll(() => existsSync(join(directory, 'data.unfinished', 'postgresql.conf')), { timeout: 10_000 })
      .toBe(true);
    giveUp.abort(new Error('given up'));
    await expect(given).rejects.toThrow('given up');
    expect(existsSync(directory)).toBe(false);
  });

  it('says that a port is in use, and leaves nothing behind', async () => {
    const port = Number(new URL((await start()).url).port);
    const before = directory;
    directory = join(parent, 'another');
    await expect(start({ port })).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is in use by another program: choose another port or stop that program.`,
    );
    expect(await readdir(parent)).toEqual([before.slice(parent.length + 1)]);
  });

  it('leaves a directory alone that has something else in it', async () => {
    await mkdir(directory);
    await writeFile(join(directory, 'thesis.txt'), 'chapter 1');
    for (const persistent of [false, true]) {
      await expect(start({ persistent })).rejects.toThrow(`The database directory ${directory} is not empty`);
    }
    expect(await readFile(join(directory, 'thesis.txt'), 'utf8')).toBe('chapter 1');
  });

  it('leaves a kept database alone that it is asked to make a passing one of', async () => {
    await (await start({ persistent: true })).stop();
    await expect(start({ persistent: false })).rejects.toThrow('is not empty');
    expect(await readdir(directory)).toContain('data');
  });

  it('says that a database is of another major version', async () => {
    await mkdir(join(directory, 'data'), { recursive: true });
    await writeFile(join(directory, 'data', 'PG_VERSION'), '13\n');
    await expect(start({ persistent: true })).rejects.toThrow(
      `The database in ${directory} was made by PostgreSQL 13 and this is PostgreSQL 18:`,
    );
  });

  it('says that a database is in use by another PostgreSQL, which goes on', async () => {
    const first = await start({ persistent: true });
    await expect(start({ persistent: true })).rejects.toThrow('is in use by another running PostgreSQL');
    expect(await query(first.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  it.runIf(process.getuid?.() === 0)('says that the user it runs as cannot reach the directory', async () => {
    await chmod(parent, 0o700);
    await expect(start()).rejects.toThrow(
      /^PostgreSQL has no permission to use .*: name a directory that its user can reach/,
    );
    expect(await readdir(parent)).toEqual([]);
  });

  it('says that a directory cannot be made', async () => {
    await writeFile(join(parent, 'file'), '');
    directory = join(parent, 'file', 'database');
    await expect(start()).rejects.toThrow(`The database directory ${directory} cannot be used: ENOTDIR`);
  });

  it.each([
    ['at its beginning', 'password'],
    ['in the middle', 'data.unfinished/half'],
  ])('makes a database anew whose making was interrupted %s', async (_, left) => {
    await mkdir(dirname(join(directory, left)), { recursive: true });
    await writeFile(join(directory, left), '');
    const server = await start({ persistent: true });
    expect(await query(server.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });
});

// ---

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function show(url: string, ...settings: readonly string[]): Promise<unknown[]> {
  const columns = settings.map((name) => `current_setting('${name}') AS ${name}`).join(', ');
  return Object.values((await query(url, `SELECT ${columns}`))[0] as object);
}

async function childrenOf(pid: number): Promise<number[]> {
  const child = spawn('ps', ['-o', 'pid=', '--ppid', `${pid}`]);
  const pids: number[] = [];
  for await (const line of createInterface(child.stdout)) pids.push(Number(line));
  return pids;
}

/** Segments of System V that a process made, and the files of POSIX shared memory that it has in use. */
function sharedMemoryOf(pid: number): { readonly segments: readonly string[]; readonly files: readonly string[] } {
  const [, ...rows] = readFileSync('/proc/sysvipc/shm', 'utf8').trimEnd().split('\n');
  const segments = rows.map((row) => row.trim().split(/\s+/)).filter((columns) => columns[4] === `${pid}`);
  const maps = lives(pid) ? readFileSync(`/proc/${pid}/maps`, 'utf8') : '';
  return { segments: segments.map((columns) => columns[1]!), files: maps.match(/\/dev\/shm\/PostgreSQL\.\d+/g) ?? [] };
}

/** A process that has ended and was not yet fetched by its parent is dead too. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

interface Owner {
  readonly program: ChildProcess;
  readonly pid: number;
  readonly url: string;
}

async function startInOtherProgram(directory: string, persistent: boolean): Promise<Owner> {
  const module = new URL('../../../src/system/database/postgres-embedded.ts', import.meta.url).href;
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(module)});
    const options = { directory: ${JSON.stringify(directory)}, persistent: ${persistent}, log: { write() {} } };
    const { pid, url } = await startEmbeddedPostgres(options);
    console.log(JSON.stringify({ pid, url }));
    setInterval(() => {}, 1000);`;
  const program = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(program.stdout)) return { program, ...JSON.parse(line) };
  throw new Error('The program ended before its PostgreSQL was ready.');
}
