import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChatServer, ServerSettings } from '../../../../src/system/server/contract.ts';
import { type Asks, type FrameClient, helloTo, signInAt } from '../../../helpers/chat-rig.ts';
import { startTestPostgres, type TestPostgres } from '../../../helpers/postgres.ts';
import { type PostgresServer, startPostgresServer } from '../../../helpers/postgres-server.ts';

/** The machine may be busy. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 });

describe('two servers on PostgreSQL', () => {
  let postgres: TestPostgres;
  let url: string;
  const lives: PostgresServer[] = [];
  const dead: ChatServer[] = [];
  beforeAll(async () => {
    postgres = await startTestPostgres();
    url = await postgres.createDatabase();
    for (const name of ['s1', 's2']) await begin(name);
  }, 60_000);
  afterAll(async () => {
    for (const { stop } of lives) await stop();
    await Promise.all(dead.map((server) => server.drain()));
    await postgres.stop();
  });

  /** As `kill -9` leaves things: nothing more is said by this server. */
  async function kill(at: number): Promise<void> {
    const [life] = lives.splice(at, 1);
    await life!.kill();
    dead.push(life!.server);
  }

  async function begin(name: string, settings: Partial<ServerSettings> = {}): Promise<void> {
    lives.push(await startPostgresServer(url, name, settings));
  }

  async function online(name: string, at: number, asks: Asks = {}): Promise<FrameClient> {
    const { server } = lives[at]!;
    const client = helloTo(server, await signInAt(server, name), asks);
    await eventually(() => client.frames.map(({ type }) => type)).toContain('caughtUp');
    return client;
  }

  it('typing goes from one to the other', async () => {
    const [cleo, dora] = [await online('cleo', 0, { typing: true }), await online('dora', 1, { typing: true })];
    cleo.send({ type: 'openDirect', clientId: 1, with: 'dora' });
    await eventually(() => dora.entries()).toHaveLength(1);
    const { conversation } = dora.entries()[0]!;
    dora.send({ type: 'typing', conversation });
    await eventually(() => cleo.frames.at(-1)).toEqual({ type: 'typing', conversation, user: 'dora' });
  }, 60_000);

  it('presence goes from one to the other; the users of a server that dies do not stay online', async () => {
    await begin('s3', quick);
    await begin('s4', quick);
    const [kim, lea] = [await online('kim', 2), await online('lea', 3)];
    kim.send({ type: 'openDirect', clientId: 1, with: 'lea' });
    await eventually(() => lea.entries()).toHaveLength(1);
    kim.send({ type: 'presence', watch: ['lea', 'anna', 'nobody'] });
    await eventually(() => presence(kim)).toMatchObject({ lea: { online: true } });
    lea.pair.close();
    await eventually(() => presence(kim)).toMatchObject({ lea: { online: false } });
    const again = helloTo(lives[3]!.server, lea.account);
    await eventually(() => presence(kim)).toMatchObject({ lea: { online: true } });
    await kill(3);
    await eventually(() => presence(kim)).toMatchObject({ lea: { online: false } });
    expect(Object.keys(presence(kim))).toEqual(['lea']);
    again.pair.close();
  }, 60_000);

  it('receipts go from one to the other, and are there after a reconnect', async () => {
    const [anna, bob] = [await online('anna', 0, { receipts: true }), await online('bob', 1, { receipts: true })];
    anna.send({ type: 'openDirect', clientId: 1, with: 'bob' });
    await eventually(() => bob.entries()).toHaveLength(1);
    const { conversation } = bob.entries()[0]!;
    anna.send({ type: 'send', clientId: 2, conversation, epoch: 0, payload: 'x' });
    await eventually(() => bob.entries()).toHaveLength(2);
    bob.send({ type: 'ack', conversation, upTo: 2 });
    await expect
      .poll(() => anna.frames.at(-1))
      .toEqual({ type: 'receipt', conversation, user: 'bob', delivered: 2, read: 0 });
    bob.send({ type: 'read', conversation, upTo: 2 });
    const told = { type: 'receipt', conversation, user: 'bob', delivered: 2, read: 2 };
    await eventually(() => anna.frames.at(-1)).toEqual(told);
    bob.pair.close();
    anna.pair.close();
    const again = helloTo(lives[1]!.server, anna.account, { receipts: true });
    await eventually(() => again.frames).toContainEqual(told);
  }, 60_000);
});

// ---

const quick: Partial<ServerSettings> = {
  presenceGraceMs: 100,
  presenceWindowMs: 50,
  presenceLeaseMs: 1500,
  presenceRefreshMs: 1e6,
};

/** What the client believes. */
function presence(client: FrameClient): Record<string, { online: boolean }> {
  const users = client.frames.flatMap((frame) => (frame.type === 'presence' ? frame.users : []));
  return Object.fromEntries(users.map(({ user, online }) => [user, { online }]));
}
