import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { openIndexedDb } from '../../src/system/adapters/indexeddb-database.ts';
import type { LockManager } from '../../src/system/adapters/indexeddb-types.ts';
import { openSqliteDatabase } from '../../src/system/adapters/sqlite-database.ts';
import { createMemoryDisk, openMemoryDatabase } from '../../src/system/client/local/memory.ts';
import { localDatabaseContract } from './local-database.ts';

localDatabaseContract('memory', async () => {
  const disk = createMemoryDisk();
  return { open: () => openMemoryDatabase(disk), dispose: async () => {} };
});

localDatabaseContract('sqlite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'local-database-'));
  return {
    open: () => openSqliteDatabase({ path: join(folder, 'ada.db') }),
    dispose: async () => rmSync(folder, { recursive: true }),
  };
});

let benches = 0;

localDatabaseContract('indexeddb', async () => {
  const { locks } = navigator as unknown as { locks: LockManager };
  const world = { factory: new IDBFactory(), ranges: IDBKeyRange, locks };
  const name = `ada-${benches++}`;
  return { open: () => openIndexedDb({ name, world }), dispose: async () => {} };
});
