import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPool, type Pool, type Statement } from '../../../src/system/database/postgres-pool.ts';
import { silentLog, startTestPostgres, type TestPostgres } from '../../helpers/postgres.ts';

const whoAmI: Statement = { name: 'who', text: 'SELECT pg_backend_pid() AS pid' };

describe('connections to PostgreSQL', () => {
  let postgres: TestPostgres;
  let url: string;
  let pool: Pool;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    url = await postgres.createDatabase();
    pool = createPool({ url, max: 2, log: silentLog });
  });
  afterAll(async () => {
    await pool.close();
    await postgres.stop();
  });

  it('a connection that is cut between two statements of a transaction fails that transaction and nothing else', async () => {
    const failure = await pool
      .transaction(async (query) => {
        const [row] = await query<{ pid: number }>(whoAmI);
        const gone = `SELECT pid FROM pg_stat_activity WHERE pid = ${row!.pid}`;
        await postgres.query(url, `SELECT pg_terminate_backend(${row!.pid})`);
        await expect.poll(() => postgres.query(url, gone)).toEqual([]);
        await query(whoAmI);
      })
      .catch((error) => error);
    expect(failure).toMatchObject({ name: 'StoreFailure', definite: true });
    expect(await pool.read(whoAmI)).toHaveLength(1);
  });

  it('a server that stands still in the middle of a transaction does not keep the others waiting for longer than 5 s', async () => {
    const [row] = await pool.read<{ wait: string }>({
      name: 'bound',
      text: "SELECT current_setting('idle_in_transaction_session_timeout') AS wait",
    });
    expect(row).toEqual({ wait: '5s' });
  });
});
