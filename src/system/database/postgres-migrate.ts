import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Log } from '../ports.ts';
import { Problem } from '../problem.ts';
import { connectionSettings } from './postgres-pool.ts';

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/**
 * Brings the database to the form that this program expects. Servers that start together take turns. Each migration is
 * one transaction, recorded in the table `migrations`. Rejects with a `Problem`, also for a database that a newer
 * program has changed.
 */
export async function migrate(options: {
  readonly url: string;
  readonly log: Log;
  /** Default: those in `postgres-migrations/`. */
  readonly migrations?: readonly Migration[];
}): Promise<void> {
  const migrations = options.migrations ?? (await readMigrations());
  const client = new pg.Client(connectionSettings(options.url));
  // A break shows in the query that is under way; between queries there is nothing to tell.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT pg_advisory_lock($1)', [turnLock]);
    await client.query(createTable);
    for (const migration of await pending(client, migrations)) {
      await apply(client, migration);
      options.log.write('info', 'Migrated the database.', { number: migration.number, name: migration.name });
    }
  } catch (error) {
    throw error instanceof Problem ? error : migrationProblem(client, error);
  } finally {
    await client.end().catch(() => {});
  }
}

// ---

/** Any number will do, as long as all servers take the same. */
const turnLock = 7_262_921;
const folder = join(import.meta.dirname, 'postgres-migrations');

const createTable = `
  CREATE TABLE IF NOT EXISTS migrations (
    number bigint PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
  )`;

async function readMigrations(): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{3}-.*\.sql$/.test(name)).sort();
  return await Promise.all(
    names.map(async (name) => ({
      number: Number(name.slice(0, 3)),
      name,
      sql: await readFile(join(folder, name), 'utf8'),
    })),
  );
}

async function pending(client: pg.Client, migrations: readonly Migration[]): Promise<readonly Migration[]> {
  const { rows } = await client.query<Migration>('SELECT number, name FROM migrations ORDER BY number');
  const known = new Set(migrations.map(({ number }) => number));
  const foreign = rows.find(({ number }) => !known.has(number));
  if (foreign) {
    throw new Problem(
      `The database is newer than this program, which does not know its migration ${foreign.number} (${foreign.name}): update the program.`,
    );
  }
  const applied = new Set(rows.map(({ number }) => number));
  return migrations.filter(({ number }) => !applied.has(number));
}

async function apply(client: pg.Client, { number, name, sql }: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query('INSERT INTO migrations (number, name) VALUES ($1, $2)', [number, name]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    const reason = error instanceof Error ? error.message : String(error);
    throw new Problem(`Migration ${name} failed and was undone: ${reason}.`, { cause: error });
  }
}

function migrationProblem(client: pg.Client, cause: unknown): Problem {
  const { host, port, database = '' } = client;
  const reason = cause instanceof Error ? cause.message || String((cause as { code?: string }).code) : String(cause);
  return new Problem(
    `The database ${database} at ${host}:${port} cannot be used (${reason}): check that it runs and that its address, user and password are right.`,
    { cause },
  );
}
