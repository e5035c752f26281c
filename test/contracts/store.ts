import { afterEach, beforeEach, describe } from 'vitest';
import type { Store } from '../../src/system/database/store.ts';
import { accountLifeContract } from './store-account-life.ts';
import { accountsContract } from './store-accounts.ts';
import { blobsContract } from './store-blobs.ts';
import { keyDirectoryContract } from './store-key-directory.ts';
import { keysContract } from './store-keys.ts';
import type { Bench, StoreData } from './store-kit.ts';
import { membershipContract } from './store-membership.ts';
import { messagesContract } from './store-messages.ts';
import { presenceContract } from './store-presence.ts';
import { readingContract } from './store-reading.ts';
import { receiptsContract } from './store-receipts.ts';
import { takeoverContract } from './store-takeover.ts';

/** What every store promises. `createData` makes stores whose groups have at most `groupMembersMax` members. */
export function storeContract(name: string, createData: () => Promise<StoreData>): void {
  describe(`a store: ${name}`, () => {
    let data: StoreData;
    let store: Store;
    let other: Store;

    beforeEach(async () => {
      data = await createData();
      store = await data.open();
      other = await data.open();
    });
    afterEach(() => data.dispose());

    const bench: Bench = {
      get store() {
        return store;
      },
      get other() {
        return other;
      },
    };
    describe('accounts', () => accountsContract(bench));
    describe('the life of an account', () => accountLifeContract(bench));
    describe('messages', () => messagesContract(bench));
    describe('membership', () => membershipContract(bench));
    describe('keys', () => keysContract(bench));
    describe('key packages and bundles', () => keyDirectoryContract(bench));
    describe('reading', () => readingContract(bench));
    describe('receipts', () => receiptsContract(bench));
    describe('presence', () => presenceContract(bench));
    describe('takeover', () => takeoverContract(bench));
    describe('blobs', () => blobsContract(bench));
  });
}
