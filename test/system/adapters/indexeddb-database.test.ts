import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type IndexedDbWorld,
  indexedDbSchema,
  openIndexedDb,
} from '../../../src/system/adapters/indexeddb-database.ts';
import { indexedDbProblem } from '../../../src/system/adapters/indexeddb-requests.ts';
import type { LockManager } from '../../../src/system/adapters/indexeddb-types.ts';
import { account } from '../../contracts/local-database-kit.ts';

const { locks } = navigator as unknown as { locks: LockManager };
const newer = [
  ...indexedDbSchema,
  (database: { createObjectStore(name: string): unknown }) => void database.createObjectStore('more'),
];

let world: IndexedDbWorld;
beforeEach(() => {
  world = { factory: new IDBFactory(), ranges: IDBKeyRange, locks };
});

describe('a local database in a browser', () => {
  it('is brought up to date with what is in it', async () => {
    const database = await openIndexedDb({ name: 'ada', world });
    await database.write([{ kind: 'account', account }]);
    await database.close();
    const upgraded = await openIndexedDb({ name: 'ada', world, schema: newer });
    expect((await upgraded.load()).account).toEqual(account);
    await upgraded.close();
  });

  it('says that it was written by a newer program, and lets others try afterwards', async () => {
    await (await openIndexedDb({ name: 'ada', world, schema: newer })).close();
    await expect(openIndexedDb({ name: 'ada', world })).rejects.toThrow(
      'The local database ada was written by a newer version of this program (its schema is above 1); use that version or a newer one.',
    );
    await (await openIndexedDb({ name: 'ada', world, schema: newer })).close();
  });

  it('waits for another window to close it, as long as it is told to', async () => {
    const first = await openIndexedDb({ name: 'ada', world });
    const impatient = openIndexedDb({ name: 'ada', world, waitMs: 5 });
    await expect(impatient).rejects.toThrow('The local database ada is in use by another program or window;');
    const patient = openIndexedDb({ name: 'ada', world, waitMs: 10_000 });
    await first.close();
    await (await patient).close();
  });

  it('says what the browser lacks', async () => {
    await expect(openIndexedDb({ name: 'ada' })).rejects.toThrow(
      'The local database ada needs IndexedDB and Web Locks, which this browser does not offer here; use a newer one, over https.',
    );
  });

  it('does not write half of a batch that cannot be stored', async () => {
    const database = await openIndexedDb({ name: 'ada', world });
    const unstorable = { ...account, name: () => 'ada' } as unknown as typeof account;
    const batch = [
      { kind: 'key', name: 'k', bytes: new Uint8Array(1) },
      { kind: 'account', account: unstorable },
    ] as const;
    await expect(database.write(batch)).rejects.toThrow('The local database ada cannot be used (DataCloneError');
    expect(await database.key('k')).toBeNull();
    await database.close();
  });

  it.each([
    ['QuotaExceededError', 'There is no room left for the local database ada; free some space and start again.'],
    ['SecurityError', 'The browser does not allow the local database ada;'],
    ['UnknownError', 'The local database ada cannot be used (UnknownError: broken file); load the page again,'],
  ])('explains a %s', (name, sentence) => {
    expect(indexedDbProblem('ada', { name, message: 'broken file' }, 1).message).toContain(sentence);
  });
});
