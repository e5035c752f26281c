/** The expiry of a hundred thousand messages, shared by servers of which one dies, while others go on writing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresStore } from '../../../src/system/database/postgres-store.ts';
import type { Store } from '../../../src/system/database/store.ts';
import { direct, people, readAll, send } from '../../contracts/store-kit.ts';
import { silentLog, startTestPostgres, type TestPostgres } from '../../helpers/postgres.ts';

const old = 100_000;
const batch = 1000;
let postgres: TestPostgres;
let url: string;
const stores: Store[] = [];
beforeAll(async () => {
  postgres = await startTestPostgres();
  url = await postgres.createDatabase();
});
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await postgres.stop();
});

async function open(): Promise<Store> {
  const store = await createPostgresStore({ url, log: silentLog });
  stores.push(store);
  return store;
}

describe('the expiry of many messages', { timeout: 120_000 }, () => {
  it('is shared without doubling, goes on where a server left off, and lets writers write', async () => {
    const writer = await open();
    const [ada, bob] = await people(writer, 'ada', 'bob');
    const conversation = await direct(writer, ada, bob);
    await postgres.query(
      url,
      `INSERT INTO messages (conversation, seq, device, client_id, at, epoch, payload)
       SELECT ${conversation}, n, ${bob.device}, n, n, 0, repeat('x', 300) FROM generate_series(2, ${old + 1}) n;
       UPDATE conversations SET last_seq = ${old + 1} WHERE id = ${conversation}`,
    );
    const sendsUntil = async (over: () => boolean): Promise<readonly number[]> => {
      const tookMs: number[] = [];
      while (!over()) {
        const from = performance.now();
        const outcomes = await writer.accept(Array.from({ length: 10 }, () => send(ada, conversation, { at: 1e9 })));
        tookMs.push(performance.now() - from);
        expect(outcomes.every(({ kind }) => kind === 'accepted')).toBe(true);
      }
      return tookMs.sort((a, b) => a - b);
    };
    const [one, other, dying] = [await open(), await open(), await open()];
    const expireWith = async (store: Store): Promise<number> => {
      let count = 0;
      for (let found = batch; found > 0; count += found) found = await store.expire(1e8, batch);
      return count;
    };

    let rounds = 0;
    const before = await sendsUntil(() => rounds++ === 150);
    let first = 0;
    for (let i = 0; i < 5; i++) first += await dying.expire(1e8, batch);
    const unfinished = dying.expire(1e8, batch).catch(() => 0);
    await dying.close();
    first += await unfinished;
    let over = false;
    const expired = Promise.all([expireWith(one), expireWith(other)]).finally(() => {
      over = true;
    });
    const during = await sendsUntil(() => over);
    const shares = await expired;

    expect(first + shares[0]! + shares[1]!).toBe(old);
    expect(Math.min(...shares)).toBeGreaterThan(old / 10);
    const left = await readAll(writer, conversation, ada);
    expect(left.filter((entry) => entry.at < 1e8 && entry.type === 'message')).toEqual([]);
    expect(left).toHaveLength(1 + 10 * (before.length + during.length));
    // Disks are uneven; a writer that waited for the whole of it would take seconds.
    expect(during.length).toBeGreaterThan(20);
    expect(during.at(-1)!).toBeLessThan(10 * before.at(-1)! + 250);
  });
});
