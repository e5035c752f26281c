import { chmodSync, closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { LocalChange, LocalDatabase } from '../client/local/contract.ts';
import { closedProblem, newerProblem } from '../client/local/rules.ts';
import { Problem } from '../problem.ts';
import { sqliteProblem } from './sqlite-problem.ts';
import { createReader } from './sqlite-reader.ts';
import { sqliteApplicationId, sqliteSchema } from './sqlite-schema.ts';
import { createWriter } from './sqlite-writer.ts';

export interface SqliteDatabaseOptions {
  /** One file for one user's device. It and its folder are made if they are missing, for this user of the machine alone. */
  readonly path: string;
  /** The file may grow to this. Default: as large as the disk. */
  readonly bytesMax?: number;
  /** Steps of the schema. Default: all that this program knows. */
  readonly schema?: readonly string[];
}

/**
 * The local database of a device on Node, in one file of SQLite (`node:sqlite`).
 *
 * Write-ahead log with synchronous=FULL: every commit is flushed, so that an acknowledged entry survives loss of power.
 * Exclusive locking: a second process is turned away at once, and the lock ends with its process however it ends. What is
 * deleted is overwritten (secure_delete), for old states of keys must not remain; up to the next checkpoint the log still
 * holds them. Rejects with a `Problem`.
 */
export async function openSqliteDatabase(options: SqliteDatabaseOptions): Promise<LocalDatabase> {
  const path = resolve(options.path);
  try {
    makeFile(path);
    const sqlite = new DatabaseSync(path);
    try {
      prepare(sqlite, path, options);
      return createDatabase(sqlite, path);
    } catch (error) {
      sqlite.close();
      throw error;
    }
  } catch (error) {
    throw sqliteProblem(path, error);
  }
}

// ---

const pageBytes = 4096;

/** SQLite gives its log the permissions of the file, so the file must have its own before it is opened. */
function makeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
  chmodSync(path, 0o600);
}

function prepare(sqlite: DatabaseSync, path: string, { bytesMax, schema = sqliteSchema }: SqliteDatabaseOptions): void {
  sqlite.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = ${pageBytes}`);
  const found = numberOf(sqlite, 'user_version');
  checkOurs(sqlite, path, found);
  if (found > schema.length) throw newerProblem(path, schema.length);
  sqlite.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON');
  if (bytesMax !== undefined) sqlite.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(bytesMax / pageBytes))}`);
  upgrade(sqlite, found, schema);
}

/** A file of another program must not be written over. */
function checkOurs(sqlite: DatabaseSync, path: string, version: number): void {
  const empty = numberOf(sqlite, 'schema_version') === 0 && version === 0;
  if (empty || numberOf(sqlite, 'application_id') === sqliteApplicationId) return;
  throw new Problem(`The file ${path} is a database of another program; name another file.`);
}

/** All missing steps or none. */
function upgrade(sqlite: DatabaseSync, from: number, schema: readonly string[]): void {
  if (from === schema.length) return;
  sqlite.exec(`BEGIN IMMEDIATE; PRAGMA application_id = ${sqliteApplicationId}`);
  for (const step of schema.slice(from)) sqlite.exec(step);
  sqlite.exec(`PRAGMA user_version = ${schema.length}; COMMIT`);
}

function numberOf(sqlite: DatabaseSync, pragma: string): number {
  return Number(Object.values(sqlite.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
}

function createDatabase(sqlite: DatabaseSync, path: string): LocalDatabase {
  const reader = createReader(sqlite);
  const apply = createWriter(sqlite);

  return {
    load: () => answer(() => reader.load()),
    write: (changes) => answer(() => write(changes)),
    page: (range) => answer(() => reader.page(range)),
    search: (query) => answer(() => reader.search(query)),
    key: (name) => answer(() => reader.key(name)),
    keyNames: (prefix) => answer(() => reader.keyNames(prefix)),
    close: async () => {
      if (sqlite.isOpen) sqlite.close();
    },
  };

  async function answer<T>(work: () => T): Promise<T> {
    if (!sqlite.isOpen) throw closedProblem(path);
    try {
      return work();
    } catch (error) {
      throw sqliteProblem(path, error);
    }
  }

  function write(changes: readonly LocalChange[]): void {
    sqlite.exec('BEGIN IMMEDIATE');
    try {
      for (const change of changes) apply(change);
      sqlite.exec('COMMIT');
    } catch (error) {
      if (sqlite.isTransaction) sqlite.exec('ROLLBACK');
      throw error;
    }
  }
}
