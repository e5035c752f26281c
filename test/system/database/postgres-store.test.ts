import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bigints, texts } from '../../../src/system/database/postgres-arrays.ts';
import { startEmbeddedPostgres } from '../../../src/system/database/postgres-embedded.ts';
import { migrate } from '../../../src/system/database/postgres-migrate.ts';
import { createPostgresStore } from '../../../src/system/database/postgres-store.ts';
import { readStoredMessages } from '../../../src/system/database/postgres-stored.ts';
import type { Store } from '../../../src/system/database/store.ts';
import { skeletonOf } from '../../../src/system/protocol/names.ts';
import {
  createGroup,
  direct,
  done,
  group,
  invite,
  people,
  person,
  readAll,
  reconnect,
  send,
  sent,
  seq,
  seqsOf,
} from '../../contracts/store-kit.ts';
import { silentLog, startTestPostgres, type TestPostgres } from '../../helpers/postgres.ts';

const log = silentLog;
const alive = "SELECT pid FROM pg_stat_activity WHERE application_name = 'nawaab' AND datname = current_database()";

describe('a store in PostgreSQL', () => {
  let postgres: TestPostgres;
  let url: string;
  const stores: Store[] = [];
  beforeAll(async () => {
    postgres = await startTestPostgres();
    url = await postgres.createDatabase();
  });
  beforeEach(() => postgres.empty(url));
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await postgres.stop();
  });

  async function open(): Promise<Store> {
    const store = await createPostgresStore({ url, log });
    stores.push(store);
    return store;
  }

  it('an operation whose connection is cut while PostgreSQL works on it may have happened', async () => {
    const store = await open();
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, ada, bob);
    const holder = new pg.Client(url);
    await holder.connect();
    await holder.query(`BEGIN; SELECT FROM conversations WHERE id = ${conversation} FOR UPDATE`);
    const message = send(ada, conversation);
    const answer = store.accept([message]).catch((error) => error);
    const waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    await expect.poll(() => postgres.query(url, waiting)).toHaveLength(1);
    await postgres.query(url, `SELECT pg_terminate_backend(pid) FROM (${waiting}) waiting`);
    expect(await answer).toMatchObject({ name: 'StoreFailure', definite: false });
    await holder.end();
    // The next one finds a connection again, and the repeat settles what happened.
    expect(await sent(store, message)).toMatchObject({ seq: 2 });
    expect(seqsOf(await readAll(store, conversation, bob))).toEqual([1, 2]);
  });

  it('asks which connection is the newest after it has waited for the conversation', async () => {
    const [store, other] = [await open(), await open()];
    const [old, bob] = await people(store, 'ada', 'bob');
    const conversation = await group(store, old);
    const holder = new pg.Client(url);
    await holder.connect();
    await holder.query(`BEGIN; SELECT FROM conversations WHERE id = ${conversation} FOR UPDATE`);
    const [message, invitation] = [send(old, conversation), invite(old, conversation, bob.name)];
    const late = Promise.all([store.accept([message]), store.change(invitation)]);
    const waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    await expect.poll(() => postgres.query(url, waiting)).toHaveLength(2);
    const by = await reconnect(other, old);
    await holder.query('COMMIT');
    await holder.end();
    expect(await late).toEqual([[{ kind: 'superseded' }], { kind: 'superseded' }]);
    expect(await sent(other, { ...message, by })).toMatchObject({ seq: 2, repeat: false });
    expect(await done(other, { ...invitation, by })).toMatchObject({ seq: 3, repeat: false });
  });

  it('connections that were cut while idle are not noticed by anybody', async () => {
    const store = await open();
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, ada, bob);
    await sent(store, send(ada, conversation));
    await postgres.query(url, `SELECT pg_terminate_backend(pid) FROM (${alive}) alive`);
    await expect.poll(() => postgres.query(url, alive)).toEqual([]);
    expect(await sent(store, send(bob, conversation))).toMatchObject({ seq: 3 });
    await store.ping();
  });

  it('an error of PostgreSQL that is no break is definite, and costs the connection nothing', async () => {
    const store = await open();
    const ada = await person(store, 'ada');
    const { conversation } = await done(store, createGroup(ada));
    const failure = await store.accept([send(ada, conversation, { payload: '\0' })]).catch((error) => error);
    expect(failure).toMatchObject({ name: 'StoreFailure', definite: true });
    expect(await sent(store, send(ada, conversation))).toMatchObject({ seq: 2 });
  });

  it('servers that start at the same time on an empty database all find it ready', async () => {
    const fresh = await postgres.createDatabase();
    const opened = await Promise.all([1, 2, 3].map(() => createPostgresStore({ url: fresh, log })));
    await Promise.all(opened.map((store) => store.ping()));
    await Promise.all(opened.map((store) => store.close()));
    const files = (await readdir('src/system/database/postgres-migrations')).sort();
    const numbered = files.map((name, index) => ({ number: index + 1, name }));
    const recorded = 'SELECT number::int, name FROM migrations ORDER BY number';
    expect(await postgres.query(fresh, recorded)).toEqual(numbered);
  });

  it('refuses a database that a newer program has changed', async () => {
    const fresh = await postgres.createDatabase();
    await (await createPostgresStore({ url: fresh, log })).close();
    await postgres.query(fresh, "INSERT INTO migrations (number, name) VALUES (999, '999-future.sql')");
    await expect(createPostgresStore({ url: fresh, log })).rejects.toThrow(
      'The database is newer than this program, which does not know its migration 999 (999-future.sql): update the program.',
    );
  });

  it('applies what is missing, in order, and undoes a migration that fails as a whole', async () => {
    const fresh = await postgres.createDatabase();
    const first = { number: 1, name: '001-a.sql', sql: 'CREATE TABLE a (n int)' };
    const broken = { number: 2, name: '002-b.sql', sql: 'CREATE TABLE b (n int); SELECT 1 / 0' };
    await migrate({ url: fresh, log, migrations: [first] });
    await expect(migrate({ url: fresh, log, migrations: [first, broken] })).rejects.toThrow(
      'Migration 002-b.sql failed and was undone: division by zero.',
    );
    await migrate({ url: fresh, log, migrations: [first, { ...broken, sql: 'CREATE TABLE b (n int)' }] });
    expect(await postgres.query(fresh, 'SELECT number::int FROM migrations ORDER BY number')).toEqual([
      { number: 1 },
      { number: 2 },
    ]);
  });

  it('names from before there were skeletons get the same ones as new names, and look-alikes among them keep theirs', async () => {
    const fresh = await postgres.createDatabase();
    const folder = 'src/system/database/postgres-migrations';
    const files = (await readdir(folder)).sort();
    const all = await Promise.all(
      files.map(async (name, i) => ({ number: i + 1, name, sql: await readFile(join(folder, name), 'utf8') })),
    );
    await migrate({
      url: fresh,
      log,
      migrations: all.slice(
        0,
        files.findIndex((name) => name.endsWith('-name-skeletons.sql')),
      ),
    });
    const arbitraryName = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,9}[A-Za-z0-9])?$/);
    const chosen = fc.uniqueArray(arbitraryName, { minLength: 300, maxLength: 300, selector: skeletonOf });
    const names = ['Paul', 'pau1', 'PAU.l', ...fc.sample(chosen, { numRuns: 1, seed: 3 })[0]!];
    const values = names.map((name) => `('${name}', 'hash', 0)`);
    await postgres.query(fresh, `INSERT INTO users (name, password_hash, created_at) VALUES ${values}`);
    await migrate({ url: fresh, log, migrations: all });
    const rows = await postgres.query(fresh, 'SELECT name, skeleton FROM users ORDER BY id');
    expect(rows.map(({ skeleton }) => skeleton)).toEqual(
      names.map((name, i) => skeletonOf(name) + (i === 1 || i === 2 ? `/${i + 1}` : '')),
    );
    const store = await createPostgresStore({ url: fresh, log });
    stores.push(store);
    for (const name of ['PAUL', 'Pau1', 'pau.l']) expect(await store.findUser(name), name).not.toBeNull();
    expect(await store.createUser({ name: 'pau-l' as never, passwordHash: 'h', at: 1 })).toBeNull();
  });

  it('says in one sentence, without the password, that a database cannot be reached', async () => {
    const nowhere = new URL(url);
    nowhere.port = '1';
    const failure = await createPostgresStore({ url: nowhere.href, log }).catch((error) => error);
    expect(failure.message).toMatch(
      /^The database test_\d+ at 127\.0\.0\.1:1 cannot be used \(.*ECONNREFUSED.*\): check/,
    );
    expect(failure.message).not.toContain(nowhere.password);
  });

  it('reads back all messages that are there, and nothing else', async () => {
    const store = await open();
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, ada, bob);
    const messages = [send(ada, conversation, { at: 1 }), send(bob, conversation), send(ada, conversation)];
    await store.accept(messages);
    await store.expire(2, 10);
    const stored = [];
    for await (const message of readStoredMessages(url)) stored.push(message);
    expect(stored).toEqual([
      { conversation, seq: 3, sender: 'bob', clientId: messages[1]!.clientId },
      { conversation, seq: 4, sender: 'ada', clientId: messages[2]!.clientId },
    ]);
  });

  it('arrays in binary form mean the same as in text', async () => {
    const client = new pg.Client(url);
    await client.connect();
    const integer = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(-1, 0, 2 ** 32 - 1, 2 ** 32, -(2 ** 32)));
    const text = fc.string({ unit: 'binary' }).filter((it) => !it.includes('\0') && it.isWellFormed());
    await fc.assert(
      fc.asyncProperty(fc.array(integer), fc.array(text), async (numbers, strings) => {
        const { rows } = await client.query('SELECT $1::bigint[]::text[] AS numbers, $2::text[] AS strings', [
          bigints(numbers),
          texts(strings),
        ]);
        expect(rows).toEqual([{ numbers: numbers.map((n) => `${n === 0 ? 0 : n}`), strings }]);
      }),
    );
    await client.end();
  });

  it('every look-up on the path of a message is by index, also while the tables are young', async () => {
    const fresh = await postgres.createDatabase();
    const store = await createPostgresStore({ url: fresh, log });
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, ada, bob);
    const twice = send(ada, conversation);
    for (let n = 0; n < 10; n++) await store.accept([send(ada, conversation), send(bob, conversation), twice]);
    await store.moveCursors([{ device: ada.device, conversation, upTo: seq(1) }]);
    await store.moveCursors([{ device: ada.device, conversation, upTo: seq(2) }]);
    await store.read({ conversation, user: bob.user, after: seq(0), upTo: seq(9), limit: 9 });
    await store.heads([conversation]);
    await store.membershipsOf(ada.user, ada.device);
    await store.close();
    // What a connection has counted is known once it has ended.
    await expect.poll(() => postgres.query(fresh, alive)).toEqual([]);
    const scanned = 'SELECT relname FROM pg_stat_user_tables WHERE seq_tup_read > 0';
    expect(await postgres.query(fresh, scanned)).toEqual([]);
  });
});

describe('a store whose PostgreSQL goes and comes', () => {
  it('warns of a PostgreSQL that does not write to the disk', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'nawaab-test-'));
    await chmod(parent, 0o755);
    const directory = join(parent, 'postgres');
    const server = await startEmbeddedPostgres({ directory, persistent: false, log, settings: { fsync: 'off' } });
    const lines: string[] = [];
    const store = await createPostgresStore({ url: server.url, log: { write: (_, line) => lines.push(line) } });
    await store.close();
    await server.stop();
    await rm(parent, { recursive: true });
    expect(lines.at(-1)).toContain('fsync off');
  });

  it('refuses as not done meanwhile, then goes on by itself with everything that was accepted', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'nawaab-test-'));
    await chmod(parent, 0o755);
    const directory = join(parent, 'postgres');
    let server = await startEmbeddedPostgres({ directory, persistent: true, log });
    const store = await createPostgresStore({ url: server.url, log });
    try {
      const [ada, bob] = await people(store, 'ada', 'bob');
      const conversation = await direct(store, ada, bob);
      const message = send(ada, conversation);
      await sent(store, message);
      const port = Number(new URL(server.url).port);
      await server.stop();
      const failure = await store.accept([send(ada, conversation)]).catch((error) => error);
      expect(failure).toMatchObject({ name: 'StoreFailure', definite: true });
      await expect(store.ping()).rejects.toMatchObject({ name: 'StoreFailure' });
      server = await startEmbeddedPostgres({ directory, port, persistent: true, log });
      expect(await sent(store, message)).toMatchObject({ seq: 2, repeat: true });
      expect(await sent(store, send(bob, conversation))).toMatchObject({ seq: 3 });
    } finally {
      await store.close();
      await server.stop();
      await rm(parent, { recursive: true, force: true });
    }
  });
});
