import { afterAll, beforeAll, describe } from 'vitest';
import { createMemoryStore } from '../../src/system/database/memory-store.ts';
import { createPostgresStore } from '../../src/system/database/postgres-store.ts';
import type { Store } from '../../src/system/database/store.ts';
import { silentLog, startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { storeContract } from './store.ts';
import { groupMembersMax } from './store-kit.ts';

storeContract('memory', async () => {
  const store = createMemoryStore({ groupMembersMax });
  return { open: async () => store, dispose: () => store.close() };
});

describe('on a PostgreSQL of its own', () => {
  let postgres: TestPostgres;
  let url: string;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    url = await postgres.createDatabase();
  });
  afterAll(() => postgres.stop());

  storeContract('postgres', async () => {
    await postgres.empty(url);
    const stores: Store[] = [];
    return {
      open: async () => {
        const store = await createPostgresStore({ url, log: silentLog, groupMembersMax });
        stores.push(store);
        return store;
      },
      dispose: async () => {
        await Promise.all(stores.map((store) => store.close()));
      },
    };
  });
});
