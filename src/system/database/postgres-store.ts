import type { Log } from '../ports.ts';
import { limits } from '../protocol/limits.ts';
import { createAccept } from './postgres-accept.ts';
import { createAccountLife } from './postgres-account-life.ts';
import { createAccounts } from './postgres-accounts.ts';
import { createBlobs } from './postgres-blobs.ts';
import { createChange } from './postgres-change.ts';
import type { Bounds } from './postgres-connection.ts';
import { createConversations } from './postgres-conversations.ts';
import { createKeys } from './postgres-keys.ts';
import { migrate } from './postgres-migrate.ts';
import { createPool, type Pool } from './postgres-pool.ts';
import { createPresence } from './postgres-presence.ts';
import { createReceipts } from './postgres-receipts.ts';
import type { Store } from './store.ts';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Connections besides the one for `accept`. Default 4. */
  readonly poolMax?: number;
  readonly log: Log;
  /** Default: `postgresBounds`. */
  readonly bounds?: Bounds;
  /** Default: the limit of the protocol. */
  readonly groupMembersMax?: number;
}

/**
 * A store in PostgreSQL, which any number of servers may share. Migrates the database first and rejects with a `Problem`
 * when it cannot be reached; later breaks are `StoreFailure`s, and connections come back by themselves.
 * `accept` has a connection of its own, so that a batch never waits behind reads.
 */
export async function createPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { url, log, bounds = {} } = options;
  await migrate({ url, log, bounds });
  const writer = createPool({ url, log, bounds, max: 1, keepIdle: true });
  const pool = createPool({ url, log, bounds, max: options.poolMax ?? 4 });
  const blobs = createPool({ url, log, bounds, max: blobConnections });
  const groupMembersMax = options.groupMembersMax ?? limits.groupMembersMax;
  await warnOfLooseDisk(pool, log);
  let closing: Promise<void> | null = null;
  return {
    ...createAccounts(pool),
    ...createAccountLife(pool),
    ...createConversations(pool),
    receipts: createReceipts(pool),
    keys: createKeys(pool),
    presence: createPresence(pool),
    accept: createAccept(writer),
    blobs: createBlobs(blobs),
    change: createChange(pool, { groupMembersMax }),
    ping: async () => {
      await pool.read({ name: 'ping', text: 'SELECT' });
    },
    close: () => {
      closing ??= Promise.all([writer, pool, blobs].map((each) => each.close())).then(() => {});
      return closing;
    },
  };
}

// ---

/** Images have their own connections, so that the reads that deliver messages never wait behind them. */
const blobConnections = 2;

/** Only the owner of the database can repair this, so it is said and not refused. */
async function warnOfLooseDisk(pool: Pool, log: Log): Promise<void> {
  const [row] = await pool.read<{ fsync: string }>({ name: 'fsync', text: 'SHOW fsync' });
  if (row?.fsync !== 'off') return;
  log.write(
    'warn',
    'PostgreSQL runs with fsync off: accepted messages may be lost when its machine stops; set it to on.',
  );
}
