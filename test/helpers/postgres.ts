import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/system/database/postgres-embedded.ts';
import type { Log } from '../../src/system/ports.ts';

/** One PostgreSQL for the tests of a file. */
export interface TestPostgres {
  /** Address of a new database without tables. */
  createDatabase(): Promise<string>;
  /** Makes the database as if no server had ever used it; ten times faster than a new one. */
  empty(url: string): Promise<void>;
  /** Runs one statement on the database at `url`; answers the rows. */
  query(url: string, sql: string): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
}

export const silentLog: Log = { write: () => {} };

/** A PostgreSQL that can be ended and started again; `stop` ends it for good and removes all of it. */
export async function startPassingPostgres(): Promise<{ readonly server: EmbeddedPostgres; stop(): Promise<void> }> {
  const parent = await mkdtemp(join(tmpdir(), 'nawaab-test-'));
  // PostgreSQL runs as another user when the tests run as root, and a temporary directory is closed to others.
  await chmod(parent, 0o755);
  const directory = join(parent, 'postgres');
  const server = await startEmbeddedPostgres({ directory, persistent: false, log: silentLog });
  return {
    server,
    stop: async () => {
      await server.stop();
      await rm(parent, { recursive: true, force: true });
    },
  };
}

/** Call in `beforeAll`, and `stop` in `afterAll`. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const { server, stop } = await startPassingPostgres();
  let count = 0;
  return {
    createDatabase: async () => {
      const name = `test_${++count}`;
      await queryDatabase(server.url, `CREATE DATABASE ${name}`);
      const url = new URL(server.url);
      url.pathname = name;
      return url.href;
    },
    empty: async (url) => {
      const tables = `SELECT string_agg(quote_ident(tablename), ', ') AS names FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'migrations'`;
      const [row] = await queryDatabase(url, tables);
      if (row?.names) await queryDatabase(url, `TRUNCATE ${row.names} RESTART IDENTITY`);
    },
    query: queryDatabase,
    stop,
  };
}

/** Runs one statement, on a connection of its own, on the database at `url`; answers the rows. */
export async function queryDatabase(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows ?? [];
  } finally {
    await client.end();
  }
}
