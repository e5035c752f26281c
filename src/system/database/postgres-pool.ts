import pg from 'pg';
import type { Log } from '../ports.ts';
import { type Bounds, connectionSettings, cut, endWithin, postgresBounds } from './postgres-connection.ts';
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
  /** Lets what is under way come to its end, for a bounded time; then its connections are cut. */
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly url: string;
  readonly max: number;
  readonly log: Log;
  /** Keep idle connections. Default: they are closed after 30 s. */
  readonly keepIdle?: boolean;
  /** Default: `postgresBounds`. */
  readonly bounds?: Bounds;
}

export function createPool(options: PoolOptions): Pool {
  const bounds = { ...postgresBounds, ...options.bounds };
  const clients = new Set<pg.Client>();
  const pool = new pg.Pool({
    ...connectionSettings(options.url, bounds),
    max: options.max,
    idleTimeoutMillis: options.keepIdle ? 0 : 30_000,
    query_timeout: bounds.statementMs,
    // PostgreSQL gives up first: that it undid a statement is worth more than not knowing.
    statement_timeout: bounds.statementMs * statementShare,
  });
  // An idle connection that breaks is taken out by the pool, which tells of it once more.
  pool.on('error', () => {});
  // A connection that breaks between two statements of a transaction tells nobody else; the next statement fails.
  pool.on('connect', (client) => {
    clients.add(client);
    client.on('end', () => clients.delete(client));
    client.on('error', (error) =>
      options.log.write('warn', 'A connection to PostgreSQL broke.', { error: error.message }),
    );
  });
  return {
    read: (statement, values) => withClient((client) => run(client, { statement, values, definite: () => true })),
    write: (statement, values) =>
      retrying(() => withClient((client) => run(client, { statement, values, definite: undone }))),
    transaction: (work) => retrying(() => withClient((client) => transact(client, work))),
    close: () => endWithin(bounds.closeMs, pool.end(), clients),
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
      if (!healthy) cut(client);
      client.release(!healthy);
    }
  }
}

/** Five characters that name the kind of error, when PostgreSQL said so. */
export function sqlState(error: unknown): string | null {
  const cause = error instanceof StoreFailure ? error.cause : error;
  return cause instanceof pg.DatabaseError ? (cause.code ?? null) : null;
}

// ---

const attemptsMax = 10;
/** Part of a statement's time after which PostgreSQL itself gives it up. */
const statementShare = 0.8;

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
