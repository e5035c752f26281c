import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { erasures } from '../../../src/system/database/postgres-erasure.ts';
import { createPostgresStore } from '../../../src/system/database/postgres-store.ts';
import { direct, people, seq } from '../../contracts/store-kit.ts';
import { silentLog, startTestPostgres, type TestPostgres } from '../../helpers/postgres.ts';

let postgres: TestPostgres;
let url: string;
beforeAll(async () => {
  postgres = await startTestPostgres();
  url = await postgres.createDatabase();
});
afterAll(() => postgres.stop());

describe('the erasure of a deleted user', () => {
  it('says of every table of the database what becomes of its rows (a new table needs a line in postgres-erasure.ts)', async () => {
    const store = await createPostgresStore({ url, log: silentLog });
    await store.close();
    const tables = await postgres.query(url, `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`);
    expect(Object.keys(erasures).toSorted()).toEqual(tables.map(({ name }) => name).toSorted());
  });

  it('leaves no row of the user or of the user’s devices in a table that keeps none, and those of others alone', async () => {
    const store = await createPostgresStore({ url, log: silentLog });
    try {
      const [ada, bob] = await people(store, 'ada', 'bob');
      const conversation = await direct(store, ada, bob);
      for (const { device } of [ada, bob]) await store.moveCursors([{ device, conversation, upTo: seq(1) }]);
      const rowsOf = async (person: typeof ada): Promise<Record<string, number>> => {
        const counts = Object.entries(erasures).map(async ([table, erasure]) => {
          if (erasure.kind === 'kept') return [];
          const whose = erasure.kind === 'rowsOfUser' ? person.user : person.device;
          const [row] = await postgres.query(
            url,
            `SELECT count(*)::int AS n FROM ${table} WHERE ${erasure.column} = ${whose}`,
          );
          return [[table, row!.n as number] as const];
        });
        return Object.fromEntries((await Promise.all(counts)).flat());
      };
      expect(await rowsOf(ada)).toMatchObject({ sessions: 1, cursors: 1 });
      const others = await rowsOf(bob);
      await store.deleteUser({ id: ada.user, passwordHash: 'hash', at: 5 });
      while ((await store.depart(10, 6)).more);
      expect([...new Set(Object.values(await rowsOf(ada)))]).toEqual([0]);
      expect(await rowsOf(bob)).toEqual(others);
      const [left] = await postgres.query(
        url,
        `SELECT password_hash, deleted_at::int, leaving FROM users WHERE id = ${ada.user}`,
      );
      expect(left).toEqual({ password_hash: '', deleted_at: 5, leaving: false });
      const labels = await postgres.query(url, `SELECT label FROM devices WHERE id = ${ada.device}`);
      expect(labels).toEqual([{ label: null }]);
    } finally {
      await store.close();
    }
  });
});
