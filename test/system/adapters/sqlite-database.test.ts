import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteDatabase } from '../../../src/system/adapters/sqlite-database.ts';
import { sqliteSchema } from '../../../src/system/adapters/sqlite-schema.ts';
import type { ConversationId } from '../../../src/system/protocol/ids.ts';
import { account, messageOf } from '../../contracts/local-database-kit.ts';

const room = 1 as ConversationId;
const root = join(import.meta.dirname, '../../..');

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sqlite-database-'));
  path = join(folder, 'ada.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function modeOf(file: string): string {
  return (statSync(file).mode & 0o777).toString(8);
}

describe('the file of a local database', () => {
  it('is its owner’s alone, and so is its log', async () => {
    const database = await openSqliteDatabase({ path: join(folder, 'new', 'ada.db') });
    await database.write([{ kind: 'account', account }]);
    expect(modeOf(join(folder, 'new'))).toBe('700');
    expect(modeOf(join(folder, 'new', 'ada.db'))).toBe('600');
    expect(modeOf(join(folder, 'new', 'ada.db-wal'))).toBe('600');
    await database.close();
    expect(existsSync(join(folder, 'new', 'ada.db-wal'))).toBe(false);
  });

  it('becomes its owner’s alone when others could read it', async () => {
    await (await openSqliteDatabase({ path })).close();
    chmodSync(path, 0o644);
    await (await openSqliteDatabase({ path })).close();
    expect(modeOf(path)).toBe('600');
  });

  it('holds no trace of a state of keys that was replaced', async () => {
    const database = await openSqliteDatabase({ path });
    const old = new TextEncoder().encode('the key of an epoch that is over; '.repeat(300));
    await database.write([{ kind: 'key', name: 'k', bytes: old }]);
    await database.write([{ kind: 'key', name: 'k', bytes: new Uint8Array(5) }]);
    await database.close();
    expect(readFileSync(path).includes('an epoch that is over')).toBe(false);
  });
});

describe('a local database that cannot be opened says why in one sentence', () => {
  it('written by a newer program', async () => {
    const newer = [...sqliteSchema, 'ALTER TABLE facts ADD COLUMN more TEXT'];
    await (await openSqliteDatabase({ path, schema: newer })).close();
    await expect(openSqliteDatabase({ path })).rejects.toThrow(
      `The local database ${path} was written by a newer version of this program (its schema is above ${sqliteSchema.length}); use that version or a newer one.`,
    );
    await (await openSqliteDatabase({ path, schema: newer })).close();
  });

  it('damaged at its head', async () => {
    writeFileSync(path, 'these are not the bytes of a database'.repeat(100));
    await expect(openSqliteDatabase({ path })).rejects.toThrow(
      `The local database ${path} is damaged or is none; put a copy in its place, or move it away to begin a new one.`,
    );
  });

  it('of another program, which stays as it was', async () => {
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE tea (cups INTEGER)');
    other.close();
    const before = readFileSync(path);
    await expect(openSqliteDatabase({ path })).rejects.toThrow(
      `The file ${path} is a database of another program; name another file.`,
    );
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('a folder, or in a folder that is a file', async () => {
    await expect(openSqliteDatabase({ path: folder })).rejects.toThrow('name a file in a folder that exists.');
    writeFileSync(path, '');
    await expect(openSqliteDatabase({ path: join(path, 'deep.db') })).rejects.toThrow(
      'name a file in a folder that exists.',
    );
  });

  it('not permitted', () => {
    const locked = join(folder, 'locked');
    mkdirSync(locked, { mode: 0o500 });
    const asNobody = process.getuid?.() === 0;
    if (asNobody) {
      chmodSync(folder, 0o755);
      chownSync(locked, 65534, 65534);
    }
    expect(openElsewhere(join(locked, 'ada.db'), asNobody)).toBe(
      `The local database ${join(locked, 'ada.db')} may not be read and written by this user; change the permissions of the file and its folder.`,
    );
  });

  it('open in another process', async () => {
    const database = await openSqliteDatabase({ path });
    expect(openElsewhere(path)).toBe(
      `The local database ${path} is in use by another program or window; close that first.`,
    );
    await database.close();
    expect(openElsewhere(path)).toBe('opened');
  });
});

describe('a local database that fails while it is open', () => {
  it('says that the disk is full, keeps what it had and loses nothing of it', async () => {
    const database = await openSqliteDatabase({ path, bytesMax: 200_000 });
    await database.write([messageOf(1, 1, 'kept')]);
    await expect(database.write([2, 3].map((seq) => messageOf(1, seq, 'x'.repeat(100_000))))).rejects.toThrow(
      `There is no room left for the local database ${path}; free some space and start again.`,
    );
    await database.write([messageOf(1, 2, 'small')]);
    await database.close();
    const again = await openSqliteDatabase({ path });
    const page = await again.page({ conversation: room, before: null, limit: 10 });
    expect(page.map(({ content }) => content)).toEqual(['kept', 'small']);
    await again.close();
  });

  it('says that its file is damaged', async () => {
    const database = await openSqliteDatabase({ path });
    await database.write(Array.from({ length: 400 }, (_, i) => messageOf(1, i + 1, 'x'.repeat(500))));
    await database.close();
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xee, 20 * 4096));
    const again = await openSqliteDatabase({ path });
    await expect(again.search({ text: 'y', conversation: null, limit: 9, before: null })).rejects.toThrow(
      `The local database ${path} is damaged or is none`,
    );
    await again.close();
  });
});

describe('the schema of a local database', () => {
  it('is brought up to date with what is in it', async () => {
    const database = await openSqliteDatabase({ path });
    await database.write([{ kind: 'account', account }]);
    await database.close();
    const newer = [...sqliteSchema, "ALTER TABLE facts ADD COLUMN more TEXT NOT NULL DEFAULT 'x'"];
    const upgraded = await openSqliteDatabase({ path, schema: newer });
    expect((await upgraded.load()).account).toEqual(account);
    await upgraded.close();
    const raw = new DatabaseSync(path);
    expect(raw.prepare('SELECT more FROM facts').all()).toEqual([{ more: 'x' }]);
    raw.close();
  });

  it('stays as it was when a step fails', async () => {
    await (await openSqliteDatabase({ path })).close();
    const broken = [...sqliteSchema, 'CREATE TABLE half (a TEXT)', 'CREATE TABLE half (b TEXT)'];
    await expect(openSqliteDatabase({ path, schema: broken })).rejects.toThrow('table half already exists');
    const database = await openSqliteDatabase({ path });
    await database.close();
    const raw = new DatabaseSync(path);
    expect(raw.prepare("SELECT name FROM sqlite_schema WHERE name = 'half'").all()).toEqual([]);
    raw.close();
  });
});

describe('a process that is killed while it writes', { timeout: 60_000 }, () => {
  it('leaves every batch that was acknowledged, whole, and no half one', async () => {
    let acknowledged = 0;
    for (const writes of [1, 40, 150]) {
      acknowledged = await writeAndKill(acknowledged + writes);
      const database = await openSqliteDatabase({ path });
      const { nextClientId, conversations } = await database.load();
      const last = nextClientId - 1;
      expect(last).toBeGreaterThanOrEqual(acknowledged);
      expect(conversations[0]).toMatchObject({ progress: { cursor: last, unread: last }, last: { seq: last } });
      expect(await database.key('group/1')).toEqual(new Uint8Array(8000).fill(last % 256));
      const page = await database.page({ conversation: room, before: null, limit: 500 });
      expect(page.map(({ seq }) => seq)).toEqual(Array.from({ length: last }, (_, i) => i + 1));
      await database.close();
      acknowledged = last;
    }
  });

  /** Kills the writer once it has acknowledged `batch`; answers the last that it acknowledged. */
  async function writeAndKill(batch: number): Promise<number> {
    const writer = spawn(
      process.execPath,
      [fileURLToPath(import.meta.resolve('../../helpers/local-database-writer.ts')), path],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let last = 0;
    for await (const line of createInterface(writer.stdout)) {
      if (line !== 'open') last = Number(line);
      if (last >= batch) writer.kill('SIGKILL');
    }
    if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
    expect(writer.signalCode).toBe('SIGKILL');
    return last;
  }
});

/** What another process hears that opens the database: `opened`, or the reason why not. */
function openElsewhere(file: string, asNobody = false): string {
  // The program is loaded before the rights are given up: it may lie where nobody else may read.
  const script = `
    const { openSqliteDatabase } = await import(${JSON.stringify(join(root, 'src/system/adapters/sqlite-database.ts'))});
    if (${asNobody}) process.setuid(65534);
    const opening = openSqliteDatabase({ path: ${JSON.stringify(file)} });
    process.stdout.write(await opening.then(() => 'opened', (error) => error.message));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  return stdout || stderr;
}
