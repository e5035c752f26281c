import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSystemClock } from '../../../src/system/adapters/system-clock.ts';
import { createPostgresBus } from '../../../src/system/database/postgres-bus.ts';
import { migrate } from '../../../src/system/database/postgres-migrate.ts';
import { createPostgresStore } from '../../../src/system/database/postgres-store.ts';
import type { Store } from '../../../src/system/database/store.ts';
import { hint, listen } from '../../contracts/bus.ts';
import { done, group, invite, people, send, sent } from '../../contracts/store-kit.ts';
import { silentLog, startTestPostgres, type TestPostgres } from '../../helpers/postgres.ts';
import { type RoughWire, startRoughWire, throughWire } from '../../helpers/rough-wire.ts';

const log = silentLog;
/** As in production, in less of the time. */
const bounds = { connectMs: 500, statementMs: 700, closeMs: 300 };
/** Whatever is bounded has settled by then, also on a machine with much else to do. */
const soonMs = 10_000;

describe('a database that falls silent', () => {
  let postgres: TestPostgres;
  let url: string;
  let wire: RoughWire;
  const cleanups: (() => unknown)[] = [];
  beforeAll(async () => {
    postgres = await startTestPostgres();
    url = await postgres.createDatabase();
  });
  afterAll(() => postgres.stop());
  beforeEach(async () => {
    wire = await startRoughWire({ port: Number(new URL(url).port) });
    cleanups.push(() => wire.close());
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await postgres.empty(url);
  });

  async function openStore(): Promise<Store> {
    const store = await createPostgresStore({ url: throughWire(url, wire), log, bounds });
    cleanups.push(() => store.close());
    return store;
  }

  async function openBus(way: { readonly url: string; readonly bounds?: typeof bounds }) {
    const bus = await createPostgresBus({ ...way, clock: createSystemClock(), log });
    cleanups.push(() => bus.close());
    return listen(bus);
  }

  it('answers no call of the store, and each is given up within its bound, by a code that is true', async () => {
    const store = await openStore();
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await group(store, ada);
    await sent(store, send(ada, conversation));
    const [message, invitation] = [send(ada, conversation), invite(ada, conversation, bob.name)];
    wire.swallow();
    const calls = [
      store.accept([message]),
      store.change(invitation),
      store.ping(),
      store.read({ conversation, user: ada.user, after: 0 as never, upTo: 9 as never, limit: 9 }),
      store.moveCursors([{ device: ada.device, conversation, upTo: 1 as never }]),
      ...Array.from({ length: 20 }, () => store.conversation(conversation)),
    ];
    const outcomes = await within(soonMs, Promise.allSettled(calls));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { name: 'StoreFailure' } });
    // It went out on a connection that stood: nobody knows. The change never came to its COMMIT.
    expect(outcomes.slice(0, 2)).toMatchObject([{ reason: { definite: false } }, { reason: { definite: true } }]);
    // No connection comes about any more: nothing can have been written.
    const later = await within(soonMs, Promise.allSettled([store.accept([message]), store.change(invitation)]));
    for (const outcome of later) expect(outcome).toMatchObject({ reason: { definite: true } });
    wire.pass();
    expect(await sent(store, message)).toMatchObject({ seq: 3 });
    expect(await done(store, invitation)).toMatchObject({ seq: 4 });
  });

  it('undoes by itself what waits too long for another server, so that it is known not to have happened', async () => {
    const store = await openStore();
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await group(store, ada);
    const holder = new pg.Client(url);
    await holder.connect();
    await holder.query(`BEGIN; SELECT FROM conversations WHERE id = ${conversation} FOR UPDATE`);
    const waiting = [store.accept([send(ada, conversation)]), store.change(invite(ada, conversation, bob.name))];
    for (const outcome of await within(soonMs, Promise.allSettled(waiting))) {
      expect(outcome).toMatchObject({ reason: { definite: true, message: expect.stringContaining('timeout') } });
    }
    await holder.end();
    expect(await sent(store, send(ada, conversation))).toMatchObject({ seq: 2 });
  });

  it.each([
    ['falls silent', (rough: RoughWire) => rough.swallow()],
    ['is gone without a word', (rough: RoughWire) => rough.halfOpen()],
  ])('lets a store and a bus be closed while it %s', async (_, disturb) => {
    const store = await createPostgresStore({ url: throughWire(url, wire), log, bounds });
    const bus = await createPostgresBus({ url: throughWire(url, wire), clock: createSystemClock(), log, bounds });
    await store.ping();
    disturb(wire);
    bus.publish([hint(1, 1)]);
    const asked = store.ping().catch(() => 'failed');
    await within(soonMs, Promise.all([bus.close(), store.close()]));
    expect(await within(soonMs, asked)).toBe('failed');
  });

  it('is listened to again by one connection, however often that was tried in vain', async () => {
    const near = await openBus({ url });
    const far = await openBus({ url: throughWire(url, wire), bounds });
    const listening = `SELECT pid FROM pg_stat_activity WHERE query LIKE '%LISTEN%' OR query LIKE '%pg_notify%'`;
    wire.reset();
    for (const disturb of [wire.swallow, wire.refuse, wire.swallow]) {
      disturb();
      wire.reset();
      await new Promise((resolve) => setTimeout(resolve, bounds.connectMs));
    }
    wire.pass();
    await expect
      .poll(
        () => {
          near.bus.publish([hint(1, 1)]);
          return far.all().length;
        },
        { timeout: soonMs },
      )
      .toBeGreaterThan(0);
    await expect.poll(() => postgres.query(url, `${listening} AND datname = current_database()`)).toHaveLength(3);
  });

  it('does not keep a connection on which listening failed', async () => {
    const far = await openBus({ url: throughWire(url, wire), bounds });
    wire.reset();
    await wire.trap('request', 'LISTEN', async () => 'lose');
    const near = await openBus({ url });
    await expect
      .poll(
        () => {
          near.bus.publish([hint(1, 1)]);
          return far.all().length;
        },
        { timeout: soonMs },
      )
      .toBeGreaterThan(0);
    expect(wire.open).toBe(1);
  });

  it('does not let the start of a server hang', async () => {
    wire.swallow();
    await expect(within(soonMs, migrate({ url: throughWire(url, wire), log, bounds }))).rejects.toThrow(
      'cannot be used',
    );
  });
});

// ---

/** Rejects when it has not settled by then. */
async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not settled after ${limitMs} ms`)), limitMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
