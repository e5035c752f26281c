import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Log, Ms } from '../ports.ts';
import { Problem } from '../problem.ts';
import { type Bounds, connectionSettings, cut, endWithin, postgresBounds } from './postgres-connection.ts';

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/**
 * Brings the database to the form that this program expects. Each migration is one transaction, recorded in the table
 * `migrations`, in which servers that start together take turns: one that stands still or dies in the middle of it is
 * undone and lets go of its turn. Rejects with a `Problem`, also for a database that a newer program has changed.
 */
export async function migrate(options: {
  readonly url: string;
  readonly log: Log;
  /** Default: those in `postgres-migrations/`. */
  readonly migrations?: readonly Migration[];
  readonly bounds?: Bounds;
}): Promise<void> {
  const migrations = options.migrations ?? (await readMigrations());
  const bounds = { ...postgresBounds, ...options.bounds };
  const client = new pg.Client(connectionSettings(options.url, bounds));
  // A break shows in the query that is under way; between queries there is nothing to tell.
  client.on('error', () => {});
  try {
    await client.connect();
    const session = { client, statementMs: bounds.statementMs };
    for (const migration of await pending(session, migrations)) {
      if (await apply(session, migration)) {
        options.log.write('info', 'Migrated the database.', { number: migration.number, name: migration.name });
      }
    }
    await endWithin(bounds.closeMs, client.end(), [client]);
  } catch (error) {
    cut(client);
    throw error instanceof Problem ? error : migrationProblem(client, error);
  }
}

// ---

/** Any number will do, as long as all servers take the same. */
const turnLock = 7_262_921;
const folder = join(import.meta.dirname, 'postgres-migrations');

/** A migration may rewrite large tables, and wait for that of another server. */
const migrationMs = 3_600_000;

interface MigrationSession {
  readonly client: pg.Client;
  readonly statementMs: Ms;
}

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

async function pending(session: MigrationSession, migrations: readonly Migration[]): Promise<readonly Migration[]> {
  const rows = await recorded(session);
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

/** Quick, whatever the database has to do: an answer that stays away means that nobody is there. */
async function recorded({ client, statementMs }: MigrationSession): Promise<readonly Migration[]> {
  const [found] = await ask<{ exists: boolean }>(client, {
    text: "SELECT to_regclass('migrations') IS NOT NULL AS exists",
    query_timeout: statementMs,
  });
  if (!found!.exists) return [];
  return ask<Migration>(client, {
    text: 'SELECT number, name FROM migrations ORDER BY number',
    query_timeout: statementMs,
  });
}

/** False when another server has done it meanwhile. */
async function apply({ client }: MigrationSession, { number, name, sql }: Migration): Promise<boolean> {
  const run = (text: string, values: readonly unknown[] = []) =>
    ask(client, { text, values, query_timeout: migrationMs });
  await run('BEGIN');
  try {
    await run('SELECT pg_advisory_xact_lock($1)', [turnLock]);
    await run(createTable);
    const isNew = (await run('SELECT number FROM migrations WHERE number = $1', [number])).length === 0;
    if (isNew) {
      await run(sql);
      await run('INSERT INTO migrations (number, name) VALUES ($1, $2)', [number, name]);
    }
    await run('COMMIT');
    return isNew;
  } catch (error) {
    await run('ROLLBACK').catch(() => {});
    const reason = error instanceof Error ? error.message : String(error);
    throw new Problem(`Migration ${name} failed and was undone: ${reason}.`, { cause: error });
  }
}

interface Question {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** How long the answer is waited for, in milliseconds. */
  readonly query_timeout: number;
}

async function ask<Row>(client: pg.Client, question: Question): Promise<readonly Row[]> {
  const { values = [], ...rest } = question;
  return (await client.query({ ...rest, values: [...values] })).rows;
}

function migrationProblem(client: pg.Client, cause: unknown): Problem {
  const { host, port, database = '' } = client;
  const reason = cause instanceof Error ? cause.message || String((cause as { code?: string }).code) : String(cause);
  return new Problem(
    `The database ${database} at ${host}:${port} cannot be used (${reason}): check that it runs and that its address, user and password are right.`,
    { cause },
  );
}
