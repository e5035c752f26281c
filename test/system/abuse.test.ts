/** What somebody with an account, or with somebody else's old token, may try, on servers over PostgreSQL. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { HttpRequest, HttpResponse } from '../../src/system/ports.ts';
import { routes } from '../../src/system/protocol/http.ts';
import type { ConversationId } from '../../src/system/protocol/ids.ts';
import { limits } from '../../src/system/protocol/limits.ts';
import { allBytes, streamOf } from '../helpers/byte-streams.ts';
import { type Account, type Frame, type FrameClient, helloTo, signInAt } from '../helpers/chat-rig.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { type PostgresServer, startPostgresServer } from '../helpers/postgres-server.ts';

/** What only Ada and Bob may see, in every place that can hold it. */
const secret = 'onlyAdaAndBob';

let postgres: TestPostgres;
let url: string;
let servers: readonly PostgresServer[];
let conversation: ConversationId;
let blob: string;
let eve: FrameClient;
let clientId = 1;

beforeAll(async () => {
  postgres = await startTestPostgres();
  url = await postgres.createDatabase();
  const lifted = { signInPerMinutePerName: 10_000, changesPerMinutePerUser: 100_000 };
  servers = [await startPostgresServer(url, 's1', lifted), await startPostgresServer(url, 's2', lifted)];
  const [ada, bob] = [await online('ada', 0), await online('bob', 1)];
  const made = await asked(ada, { type: 'createGroup', clientId: 0, title: secret, users: ['bob'] });
  conversation = made.conversation as ConversationId;
  await asked(ada, { type: 'send', clientId: 0, conversation, epoch: 0, payload: secret });
  const stored = await http(0, ada.account, {
    method: 'POST',
    path: '/v1/blobs',
    body: '',
    query: { conversation: `${conversation}` },
    bytes: streamOf([Buffer.from(secret)]),
  });
  ({ blob } = JSON.parse(stored.body) as { blob: string });
  await until(() => bob.entries().length === 2);
  eve = await online('eve', 0);
}, 60_000);
afterAll(async () => {
  for (const { stop } of servers) await stop();
  await postgres.stop();
});

describe('SQL', () => {
  it('is text in every field, or no value of it, and changes nothing', async () => {
    const before = await everything();
    const answers: number[] = [];
    for (const sql of statements) {
      for (const request of requestsWith(sql)) answers.push((await http(0, eve.account, request)).status);
      // A connection of its own, for there may be only so many malformed frames on one.
      eve = await online('eve', 0);
      for (const frame of framesWith(sql)) eve.raw(JSON.stringify({ ...frame, clientId: clientId++ }));
      await asked(eve, { type: 'createGroup', clientId: 0, title: 'the last one' });
    }
    expect(answers.filter((status) => status >= 500)).toEqual([]);
    expect(servers.flatMap(({ errors }) => errors)).toEqual([]);
    expect(await everything()).toEqual(before);
    // Where any text may stand it is kept as it is.
    const titles = await postgres.query(url, `SELECT title FROM conversations WHERE title LIKE '%--%'`);
    expect(new Set(titles.map(({ title }) => title))).toEqual(new Set(statements));
  });
});

describe('ids', () => {
  it('that are paths, or anything else, lead to nothing', async () => {
    const tricks = [
      '../../etc/passwd',
      '..%2f..%2fetc%2fpasswd',
      '%00',
      '.',
      '',
      `${blob}/`,
      `${blob}%00`,
      `${blob}%20`,
    ];
    const numbers = ['-1', '0', '1e3', '0x1', '١', '99999999999999999999', '1;', '1 OR 1=1', 'NaN'];
    for (const id of [...tricks, ...numbers]) {
      for (const { method, path } of [routes.downloadBlob, routes.keyBundle, routes.findUser, routes.signOutDevice]) {
        const answer = await http(0, eve.account, { method, path: path.replace(/\{\w+\}/, id), body: '' });
        expect([400, 401, 403, 404], `${method} ${path} with ${id}`).toContain(answer.status);
        expect(answer.bytes).toBeUndefined();
      }
    }
    expect(servers.flatMap(({ errors }) => errors)).toEqual([]);
  });

  it('of others give nothing of theirs away, whatever is asked about them', async () => {
    const ids = { conversation, users: ['ada'], with: 'ada', watch: ['ada', 'bob'] };
    const frame = fc.record({
      type: fc.constantFrom('send', 'invite', 'remove', 'leave', 'commit', 'ack', 'read', 'typing', 'presence'),
      clientId: fc.constant(0),
      conversation: fc.constantFrom(conversation, conversation + 1),
      upTo: fc.constantFrom(0, 1, 2, 1000),
      epoch: fc.constantFrom(0, 1),
      payload: fc.constant('AAAA'),
      users: fc.constant(ids.users),
      watch: fc.constant(ids.watch),
      keys: fc.constant({ epoch: 0 }),
    });
    const fields: Readonly<Record<string, readonly string[]>> = {
      send: ['clientId', 'conversation', 'epoch', 'payload'],
      invite: ['clientId', 'conversation', 'users'],
      remove: ['clientId', 'conversation', 'users'],
      leave: ['clientId', 'conversation'],
      commit: ['clientId', 'conversation', 'keys'],
      ack: ['conversation', 'upTo'],
      read: ['conversation', 'upTo'],
      typing: ['conversation'],
      presence: ['watch'],
    };
    const seen = eve.frames.length;
    for (const one of fc.sample(frame, { numRuns: 200, seed: 1 })) {
      const kept = ['type', ...fields[one.type]!].map((name) => [
        name,
        { ...one, clientId: clientId++ }[name as 'type'],
      ]);
      eve.raw(JSON.stringify(Object.fromEntries(kept)));
    }
    await asked(eve, { type: 'createGroup', clientId: 0, title: 'the last one' });
    const told = JSON.stringify(eve.frames.slice(seen));
    expect(told).not.toContain(secret);
    expect(eve.frames.slice(seen).filter(({ type }) => type === 'presence')).toEqual([]);
    const codes = eve.frames.slice(seen).flatMap((one) => (one.type === 'refused' ? [one.code] : []));
    expect(new Set(codes)).toEqual(new Set(['notMember']));
    const download = await http(1, eve.account, { method: 'GET', path: `/v1/blobs/${blob}`, body: '' });
    expect(download.status).toBe(404);
    expect(await readersOf(conversation)).toEqual(['ada', 'bob']);
  });
});

describe('giants', () => {
  it('names, titles, lists and groups over their limits are refused by one sentence each', async () => {
    const name = 'n'.repeat(limits.nameCharsMax + 1);
    const signUp = await http(0, null, {
      method: 'POST',
      path: '/v1/users',
      body: JSON.stringify({ name, password: 'correct horse' }),
    });
    expect([signUp.status, JSON.parse(signUp.body).code]).toEqual([400, 'malformed']);
    const many = Array.from({ length: limits.usersPerChangeMax + 1 }, (_, index) => `user${index}`);
    const frames: Frame[] = [
      { type: 'createGroup', clientId: 0, title: 't'.repeat(limits.groupTitleCharsMax + 1) },
      { type: 'createGroup', clientId: 0, title: 'many', users: many },
      { type: 'createGroup', clientId: 0, title: 'long', users: [name] },
    ];
    for (const frame of frames) {
      const refused = await answerOf(eve, frame);
      expect(refused).toMatchObject({ type: 'refused', code: 'malformed' });
      expect((refused as { detail: string }).detail).toMatch(/title|users/);
    }
  });
});

describe('a token', () => {
  it('that was taken from somebody is worth nothing on any server once they sign out', async () => {
    const victim = await signInAt(servers[0]!.server, 'victim');
    const thief = [helloTo(servers[0]!.server, victim), helloTo(servers[1]!.server, victim)].at(-1)!;
    await expect.poll(() => thief.frames.some(({ type }) => type === 'caughtUp')).toBe(true);
    expect((await http(0, victim, { method: 'DELETE', path: '/v1/sessions', body: '' })).status).toBe(204);
    await expect.poll(() => thief.closed, { timeout: 10_000 }).toBe(4001);
    for (const at of [0, 1]) {
      expect((await http(at, victim, { method: 'GET', path: '/v1/users/ada', body: '' })).status).toBe(401);
      const again = helloTo(servers[at]!.server, victim);
      await expect.poll(() => again.closed).toBe(4001);
    }
  });

  it('cannot be made up, nor found in the database', async () => {
    const held = await signInAt(servers[0]!.server, 'holder');
    const rows = await postgres.query(url, 'SELECT token_digest::text AS digest FROM sessions');
    for (const { digest } of rows) expect(`${digest}`).not.toBe(held.token);
    for (const { digest } of rows.slice(0, 5)) {
      const answer = await http(0, { ...held, token: `${digest}` }, { method: 'GET', path: '/v1/users/ada', body: '' });
      expect(answer.status).toBe(401);
    }
  });
});

// ---

const statements = [
  "'; DROP TABLE users; --",
  '"; DELETE FROM messages; --',
  "') OR 1=1; UPDATE users SET name = 'eve' --",
  '$$; TRUNCATE conversations CASCADE; --',
  "\\'; SELECT pg_sleep(10); --",
];

function requestsWith(sql: string): readonly HttpRequest[] {
  const written = encodeURIComponent(sql);
  const fields = { name: sql, password: sql, device: sql, old: sql, new: sql };
  const bodies = [
    JSON.stringify({ name: sql, password: 'correct horse' }),
    JSON.stringify({ name: 'eve', password: sql, device: sql }),
    JSON.stringify({ name: 'eve', password: 'correct horse', device: sql }),
    JSON.stringify({ old: sql, new: `${sql} and more` }),
    JSON.stringify({ password: sql }),
    JSON.stringify({ packages: [{ package: sql }], lastResort: { package: sql } }),
    JSON.stringify({ groupInfo: sql, welcome: sql }),
    JSON.stringify(fields),
  ];
  const query = { conversation: sql };
  const ended: readonly string[] = [routes.signOut.path, routes.signOutEverywhere.path];
  return Object.values(routes)
    .filter(({ method, path }) => !(method === 'DELETE' && ended.includes(path)))
    .flatMap(({ method, path }) =>
      bodies.map((body) => ({
        method,
        path: path.replace(/\{\w+\}/, written),
        body: method === 'GET' ? '' : body,
        query,
      })),
    );
}

function framesWith(sql: string): readonly object[] {
  return [
    { type: 'hello', token: sql },
    { type: 'openDirect', with: sql },
    { type: 'createGroup', title: sql },
    { type: 'createGroup', title: 'sql', users: [sql] },
    { type: 'send', conversation: sql, epoch: sql, payload: sql },
    { type: 'send', conversation, epoch: 0, payload: sql },
    { type: 'invite', conversation, users: [sql] },
    { type: 'commit', conversation, keys: { epoch: 0, commit: sql, bundle: sql } },
    { type: 'ack', conversation: sql, upTo: sql },
    { type: 'presence', watch: [sql] },
  ];
}

/** What must not change: who there is, and what Ada and Bob have. */
async function everything(): Promise<unknown> {
  const users = await postgres.query(url, 'SELECT * FROM users ORDER BY id');
  const tables = await postgres.query(url, `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`);
  const messages = await postgres.query(
    url,
    `SELECT * FROM messages WHERE conversation = ${conversation} ORDER BY seq`,
  );
  return { users, tables, messages };
}

async function readersOf(id: ConversationId): Promise<readonly unknown[]> {
  const rows = await postgres.query(
    url,
    `SELECT name FROM members JOIN users ON users.id = members.user_id WHERE conversation = ${id} AND left_seq IS NULL ORDER BY name`,
  );
  return rows.map(({ name }) => name);
}

async function online(name: string, at: number): Promise<FrameClient> {
  const { server } = servers[at]!;
  const client = helloTo(server, await signInAt(server, name));
  await until(() => client.frames.some(({ type }) => type === 'caughtUp'));
  return client;
}

/** Also where no test runs yet. */
function until(holds: () => boolean): Promise<void> {
  return vi.waitFor(() => expect(holds()).toBe(true), { timeout: 10_000 });
}

async function answerOf(client: FrameClient, frame: Frame) {
  const id = clientId++;
  client.raw(JSON.stringify({ ...frame, clientId: id }));
  await until(() => client.answer(id) !== undefined);
  return client.answer(id)!;
}

async function asked(client: FrameClient, frame: Frame) {
  const answer = await answerOf(client, frame);
  if (answer.type !== 'accepted') throw new Error(`${frame.type} was refused: ${answer.code}`);
  return answer;
}

async function http(at: number, by: Account | null, request: HttpRequest): Promise<HttpResponse> {
  const answer = await servers[at]!.server.http({ ...request, remote: '10.0.0.9', ...(by && { token: by.token }) });
  if (answer.bytes !== undefined) await allBytes(answer.bytes.pieces);
  return answer;
}
