import pg from 'pg';
import type { Log } from '../ports.ts';
import { StoreFailure } from './store.ts';

/** A statement that each connection prepares once. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Runs one statement. Rows have the columns of the statement; bigints come as numbers. */
export type Query = <Row>(statement: Statement, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** Connections that are made when needed and made anew after a break. Rejects with `StoreFailure` only. */
export interface Pool {
  /** A statement that changes nothing. */
  read: Query;
  /** A statement that is a transaction by itself; run again when PostgreSQL undid it in favour of another. */
  write: Query;
  /** Commits what `work` did, or undoes it when `work` rejects; `work` may run several times. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly url: string;
  readonly max: number;
  readonly log: Log;
  /** Keep idle connections. Default: they are closed after 30 s. */
  readonly keepIdle?: boolean;
}

export function createPool(options: PoolOptions): Pool {
  const pool = new pg.Pool({
    ...connectionSettings(options.url),
    max: options.max,
    idleTimeoutMillis: options.keepIdle ? 0 : 30_000,
    query_timeout: statementMs,
  });
  // An idle connection that breaks is taken out by the pool, which tells of it once more.
  pool.on('error', () => {});
  // A connection that breaks between two statements of a transaction tells nobody else; the next statement fails.
  pool.on('connect', (client) =>
    client.on('error', (error) =>
      options.log.write('warn', 'A connection to PostgreSQL broke.', { error: error.message }),
    ),
  );
  return {
    read: (statement, values) => withClient((client) => run(client, { statement, values, definite: () => true })),
    write: (statement, values) =>
      retrying(() => withClient((client) => run(client, { statement, values, definite: undone }))),
    transaction: (work) => retrying(() => withClient((client) => transact(client, work))),
    close: () => pool.end(),
  };

  /** A client that broke, or may still be busy, is not used again. */
  async function withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await pool.connect().catch((error) => {
      throw failure(error, true);
    });
    let healthy = false;
    try {
      const result = await work(client);
      healthy = true;
      return result;
    } catch (error) {
      healthy = usable(error);
      throw error;
    } finally {
      client.release(!healthy);
    }
  }
}

/** How every connection is made: bounded waits, numbers for bigints, commits that last, plans by index. */
export function connectionSettings(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'nawaab',
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    types: { getTypeParser },
    options: sessionSettings.map((setting) => `-c ${setting}`).join(' '),
  };
}

/** Five characters that name the kind of error, when PostgreSQL said so. */
export function sqlState(error: unknown): string | null {
  const cause = error instanceof StoreFailure ? error.cause : error;
  return cause instanceof pg.DatabaseError ? (cause.code ?? null) : null;
}

// ---

const connectMs = 5_000;
/** Beyond this the connection counts as dead: the database hangs, or the network swallows. */
const statementMs = 30_000;
const attemptsMax = 10;
/** A server that stands still in the middle of a transaction holds its locks no longer than this. */
const idleInTransactionMs = 5_000;

/**
 * A commit lasts, whatever the default of the database. All look-ups are by index, also while tables are young and have no
 * statistics; and a plan for any parameters is as good as one for these, so it is made once per connection.
 */
const sessionSettings = [
  'synchronous_commit=on',
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  `idle_in_transaction_session_timeout=${idleInTransactionMs}`,
];

const bigintType = 20;
const bigintArrayType = 1016;

function getTypeParser(type: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (type === bigintType) return Number;
  if (type === bigintArrayType) return parseBigints;
  return pg.types.getTypeParser(type, format as 'text');
}

function parseBigints(text: string): number[] {
  return text === '{}' ? [] : text.slice(1, -1).split(',').map(Number);
}

async function run<Row>(
  client: pg.PoolClient,
  order: { statement: Statement; values?: readonly unknown[] | undefined; definite: (error: unknown) => boolean },
): Promise<readonly Row[]> {
  try {
    const { rows } = await client.query({ ...order.statement, values: order.values as unknown[] });
    return rows;
  } catch (error) {
    throw failure(error, order.definite(error));
  }
}

async function transact<T>(client: pg.PoolClient, work: (query: Query) => Promise<T>): Promise<T> {
  const query: Query = (statement, values) => run(client, { statement, values, definite: () => true });
  try {
    await query(begin);
    const result = await work(query);
    await run(client, { statement: commit, definite: undone });
    return result;
  } catch (error) {
    // A broken connection has nothing to roll back, and the first error is the one to tell.
    if (usable(error)) await query(rollback).catch(() => {});
    throw error;
  }
}

const begin: Statement = { name: 'begin', text: 'BEGIN' };
const commit: Statement = { name: 'commit', text: 'COMMIT' };
const rollback: Statement = { name: 'rollback', text: 'ROLLBACK' };

/** Deadlocks and serialization failures: PostgreSQL undid one of two, which may simply try again. */
async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!['40P01', '40001'].includes(sqlState(error) ?? '') || attempt === attemptsMax) throw error;
    }
  }
}

/**
 * An ERROR undoes the statement and leaves the connection usable. FATAL, PANIC and a break may come after the commit:
 * then nobody knows.
 */
function undone(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === 'ERROR';
}

/** Whether the connection is as good as before. */
function usable(error: unknown): boolean {
  return !(error instanceof StoreFailure) || undone(error.cause);
}

function failure(cause: unknown, definite: boolean): StoreFailure {
  const reason = reasonOf(cause);
  const outcome = definite ? 'nothing was written' : 'it may have been written';
  return new StoreFailure(`PostgreSQL did not do it, ${outcome}: ${reason}.`, { definite, cause });
}

/** Some errors of sockets have a code only. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || String('code' in cause ? cause.code : cause.name);
}
