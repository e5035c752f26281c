import type { Socket } from 'node:net';
import pg from 'pg';
import type { Ms } from '../ports.ts';

/** How long PostgreSQL is waited for. */
export interface Bounds {
  /** For a connection, made anew or free again. */
  readonly connectMs?: Ms;
  /** For the answer to a statement: beyond this the connection counts as dead. */
  readonly statementMs?: Ms;
  /** For the goodbye: beyond this connections are cut. */
  readonly closeMs?: Ms;
}

export const postgresBounds: Required<Bounds> = { connectMs: 5_000, statementMs: 30_000, closeMs: 2_000 };

/** How every connection is made: bounded waits, numbers for bigints, commits that last, plans by index. */
export function connectionSettings(
  url: string,
  { connectMs = postgresBounds.connectMs }: Bounds = {},
): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'nawaab',
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    types: { getTypeParser },
    options: sessionSettings.map((setting) => `-c ${setting}`).join(' '),
  };
}

/** Resolves when `goodbye` does; after `limitMs` the connections are cut, whatever they still wait for. */
export async function endWithin(limitMs: Ms, goodbye: Promise<void>, clients: Iterable<pg.Client>): Promise<void> {
  const late = setTimeout(() => {
    for (const client of clients) cut(client);
  }, limitMs);
  await goodbye;
  clearTimeout(late);
}

/** Ends a connection without a word: one that is dead or hangs would never answer. */
export function cut(client: pg.Client): void {
  // Not only closed: what the system still holds of it must not be sent later, when a network comes back.
  (client.connection.stream as Socket).resetAndDestroy();
}

// ---

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
