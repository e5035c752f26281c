import { describe, expect, it } from 'vitest';
import { type Store, StoreFailure } from '../../../src/system/database/store.ts';
import type { Secrets } from '../../../src/system/ports.ts';
import type { ConversationId } from '../../../src/system/protocol/ids.ts';
import {
  type ChatRig,
  createChatRig,
  type FrameClient,
  plainSecrets,
  type RigOptions,
} from '../../helpers/chat-rig.ts';

const password = 'correct horse';
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

async function createHouse(options: RigOptions = {}) {
  const rig = await createChatRig({ servers: 2, ...options });
  const ask = async (method: Method, path: string, more: { token?: string; body?: object; server?: number } = {}) => {
    const { token, body, server = 0 } = more;
    const answer = await rig.servers[server]!.http({
      method,
      path,
      body: body === undefined ? '' : JSON.stringify(body),
      remote: '10.0.0.9',
      ...(token !== undefined && { token }),
    });
    return { status: answer.status, body: answer.body === '' ? null : JSON.parse(answer.body) };
  };
  const signIn = (name: string, secret: string) =>
    ask('POST', '/v1/sessions', { body: { name, password: secret, device: 'new' } });
  return { rig, ask, signIn };
}

async function on(rig: ChatRig, who: string, server: number): Promise<FrameClient> {
  const [name, label] = who.split('@');
  const client = rig.connect(await rig.signIn(name!, label), server);
  await rig.clock.advance(0);
  return client;
}

const closings = (...clients: readonly FrameClient[]) => clients.map(({ closed }) => closed);

describe('a new password', () => {
  it('ends every other session on every server at once, and leaves the one that asked', async () => {
    const { rig, ask, signIn } = await createHouse();
    const clients = [await on(rig, 'anna@phone', 0), await on(rig, 'anna@laptop', 0), await on(rig, 'anna@tablet', 1)];
    const bob = await on(rig, 'bob@phone', 1);
    const { token } = clients[0]!.account;
    const body = { old: password, new: 'battery staple' };
    expect(await ask('PUT', '/v1/password', { token, body })).toEqual({ status: 204, body: null });
    await rig.clock.advance(0);
    expect(closings(...clients, bob)).toEqual([null, 4001, 4001, null]);
    expect((await signIn('anna', password)).status).toBe(401);
    expect((await signIn('anna', 'battery staple')).status).toBe(200);
    // Repeating it does no harm.
    expect((await ask('PUT', '/v1/password', { token, body })).status).toBe(204);
    expect((await signIn('anna', 'battery staple')).status).toBe(200);
  });

  it('is refused with `wrongPassword` when the old one is wrong, and then nothing ends', async () => {
    const { rig, ask, signIn } = await createHouse();
    const [phone, laptop] = [await on(rig, 'anna@phone', 0), await on(rig, 'anna@laptop', 1)];
    const { token } = phone.account;
    const refused = await ask('PUT', '/v1/password', { token, body: { old: 'guess', new: 'battery staple' } });
    expect(refused).toMatchObject({ status: 403, body: { code: 'wrongPassword', definite: true } });
    expect(await ask('PUT', '/v1/password', { token, body: { old: password, new: 'short' } })).toMatchObject({
      status: 400,
    });
    const stranger = await ask('PUT', '/v1/password', {
      token: 'made-up',
      body: { old: password, new: 'battery staple' },
    });
    expect(stranger).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    await rig.clock.advance(0);
    expect(closings(phone, laptop)).toEqual([null, null]);
    expect((await signIn('anna', password)).status).toBe(200);
  });

  it('takes the work of two hashes, whether or not the old one fits', async () => {
    let hashes = 0;
    const counted: Secrets = {
      ...plainSecrets,
      hashPassword: (text) => plainSecrets.hashPassword(text).finally(() => hashes++),
      verifyPassword: (text, hash) => plainSecrets.verifyPassword(text, hash).finally(() => hashes++),
    };
    const { rig, ask } = await createHouse({ secrets: counted });
    const { token } = await rig.signIn('anna');
    for (const old of ['guess', password, password]) {
      hashes = 0;
      await ask('PUT', '/v1/password', { token, body: { old, new: 'battery staple' } });
      expect(hashes).toBe(2);
    }
  });

  it('is guessed as seldom as one may sign in', async () => {
    const { rig, ask } = await createHouse({ settings: { signInPerMinutePerName: 4 } });
    const { token } = await rig.signIn('anna');
    const guesses = [];
    for (let i = 0; i < 4; i++)
      guesses.push(await ask('PUT', '/v1/password', { token, body: { old: 'guess', new: password } }));
    expect(guesses.map(({ status }) => status)).toEqual([204, 204, 429, 429]);
    expect((await ask('DELETE', '/v1/users/me', { token, body: { password } })).status).toBe(429);
  });
});

describe('devices', () => {
  it('are listed, signed out one by one, and all at once, with their connections on every server', async () => {
    const { rig, ask } = await createHouse();
    const [phone, laptop] = [await on(rig, 'anna@phone', 0), await on(rig, 'anna@laptop', 1)];
    const bob = await on(rig, 'bob@phone', 1);
    const { token } = phone.account;
    const { body } = await ask('GET', '/v1/devices', { token });
    expect(body.devices).toMatchObject([
      { device: laptop.account.device, label: 'laptop', current: false, sessions: 1 },
      { device: phone.account.device, label: 'phone', current: true, sessions: 1 },
    ]);
    const other = `/v1/devices/${bob.account.device}`;
    expect(await ask('DELETE', other, { token })).toMatchObject({ status: 404, body: { code: 'unknownDevice' } });
    const lost = `/v1/devices/${laptop.account.device}`;
    expect([(await ask('DELETE', lost, { token })).status, (await ask('DELETE', lost, { token })).status]).toEqual([
      204, 204,
    ]);
    await rig.clock.advance(0);
    expect(closings(phone, laptop, bob)).toEqual([null, 4001, null]);
    expect((await ask('DELETE', '/v1/sessions/all', { token, server: 1 })).status).toBe(204);
    await rig.clock.advance(0);
    expect(closings(phone, bob)).toEqual([4001, null]);
    expect((await ask('GET', '/v1/devices', { token })).status).toBe(401);
    expect((await ask('DELETE', '/v1/sessions/all', { token })).status).toBe(401);
  });

  it('write nothing more from the commit that signs them out, also where no hint arrives', async () => {
    const { rig, ask } = await createHouse({ settings: { recheckMs: 60_000 } });
    const [anna, bob] = [await on(rig, 'anna', 1), await on(rig, 'bob', 1)];
    anna.send({ type: 'openDirect', clientId: 1, with: 'bob' });
    await rig.clock.advance(50);
    rig.loseHints(true);
    await ask('DELETE', '/v1/sessions', { token: anna.account.token });
    expect(anna.closed).toBeNull();
    anna.send({ type: 'send', clientId: 2, conversation: 1, epoch: 0, payload: 'stolen' });
    anna.send({ type: 'createGroup', clientId: 3, title: 'stolen' });
    await rig.clock.advance(50);
    expect(anna.closed).toBe(4010);
    expect(bob.entries().filter(({ type }) => type === 'message')).toEqual([]);
    expect([...rig.store.entries()]).toHaveLength(1);
    const again = rig.connect(anna.account, 1);
    await rig.clock.advance(0);
    expect(again.closed).toBe(4001);
  });

  it('that connect while they are being signed out are closed as soon as they are known', async () => {
    let hold: Promise<void> | null = null;
    const wrap = (store: Store): Store => ({
      ...store,
      beginConnection: async (digest, now) => {
        const who = await store.beginConnection(digest, now);
        await hold;
        return who;
      },
    });
    const { rig, ask } = await createHouse({ wrap, settings: { recheckMs: 60_000 } });
    const account = await rig.signIn('anna');
    const gate = Promise.withResolvers<void>();
    hold = gate.promise;
    const client = rig.connect(account, 1);
    await rig.clock.advance(0);
    await ask('DELETE', '/v1/sessions', { token: account.token });
    await rig.clock.advance(0);
    expect(client.closed).toBeNull();
    gate.resolve();
    await rig.clock.advance(0);
    expect(client.closed).toBe(4001);
  });
});

describe('a deleted account', () => {
  async function createCrowd(options: RigOptions = {}) {
    const house = await createHouse(options);
    const { rig } = house;
    const [anna, bob, cleo] = [await on(rig, 'anna', 0), await on(rig, 'bob', 1), await on(rig, 'cleo', 1)];
    anna.send({ type: 'createGroup', clientId: 1, title: 'trip' });
    await rig.clock.advance(20);
    const crew = [...rig.store.entries()][0]!.conversation;
    anna.send({ type: 'invite', clientId: 2, conversation: crew, users: ['cleo'] });
    anna.send({ type: 'openDirect', clientId: 3, with: 'bob' });
    await rig.clock.advance(50);
    const pair = (crew + 1) as ConversationId;
    anna.send({ type: 'send', clientId: 4, conversation: pair, epoch: 0, payload: 'hi' });
    await rig.clock.advance(50);
    return { ...house, anna, bob, cleo, crew, pair };
  }

  it('needs the password, then is gone: signed out everywhere, not to be found, its name never free again', async () => {
    const { rig, ask, signIn, anna, bob } = await createCrowd();
    const { token } = anna.account;
    const wrong = await ask('DELETE', '/v1/users/me', { token, body: { password: 'guess' } });
    expect(wrong).toMatchObject({ status: 403, body: { code: 'wrongPassword' } });
    expect((await ask('DELETE', '/v1/users/me', { token, body: { password } })).status).toBe(204);
    await rig.clock.advance(50);
    expect(closings(anna, bob)).toEqual([4001, null]);
    expect((await signIn('anna', password)).status).toBe(401);
    expect((await signIn('anna', '')).status).toBe(401);
    const again = await ask('POST', '/v1/users', { body: { name: 'Anna', password } });
    expect(again).toMatchObject({ status: 409, body: { code: 'nameTaken' } });
    const found = await ask('GET', '/v1/users/anna', { token: bob.account.token });
    expect(found).toMatchObject({ status: 404, body: { code: 'unknownUser' } });
    expect((await ask('DELETE', '/v1/users/me', { token, body: { password } })).status).toBe(401);
    bob.send({ type: 'openDirect', clientId: 1, with: 'anna' });
    await rig.clock.advance(50);
    expect(bob.answer(1)).toMatchObject({ type: 'refused', code: 'unknownUser' });
  });

  it('leaves its groups and ends its direct conversations, and the others hear of it where they are', async () => {
    const { rig, ask, anna, bob, cleo, crew, pair } = await createCrowd();
    await ask('DELETE', '/v1/users/me', { token: anna.account.token, body: { password } });
    await rig.clock.advance(50);
    expect(cleo.entries(crew).at(-1)).toMatchObject({ change: 'left', users: ['anna'], admin: 'cleo', seq: 3 });
    expect(bob.entries(pair).at(-1)).toMatchObject({ change: 'ended', users: ['anna', 'bob'], admin: null, seq: 3 });
    bob.send({ type: 'send', clientId: 1, conversation: pair, epoch: 0, payload: 'stillThere' });
    cleo.send({ type: 'invite', clientId: 1, conversation: crew, users: ['bob'] });
    await rig.clock.advance(50);
    expect(bob.answer(1)).toMatchObject({ type: 'refused', code: 'notMember' });
    expect(cleo.answer(1)).toMatchObject({ type: 'accepted', seq: 4 });
    // Who comes later sees what was written, by whom, and how it ended.
    const late = rig.connect(bob.account, 0, [[pair, 0]]);
    await rig.clock.advance(50);
    expect(late.entries(pair).map((entry) => [entry.sender, entry.type])).toEqual([
      ['anna', 'membership'],
      ['anna', 'message'],
      ['anna', 'membership'],
    ]);
    expect(late.frames.find((frame) => frame.type === 'conversation' && frame.conversation === pair)).toMatchObject({
      members: [],
      lastSeq: 3,
    });
  });

  it('is taken out of its conversations by another server when its own cannot', async () => {
    const wrap = (store: Store, _: unknown, server: number): Store => ({
      ...store,
      depart: (limit, at) =>
        server === 0 ? Promise.reject(new StoreFailure('gone', { definite: true })) : store.depart(limit, at),
    });
    const { rig, ask, anna, cleo, crew } = await createCrowd({ wrap, settings: { recheckMs: 1000 } });
    await ask('DELETE', '/v1/users/me', { token: anna.account.token, body: { password } });
    await rig.clock.advance(2000);
    expect(cleo.entries(crew).at(-1)).toMatchObject({ change: 'left', users: ['anna'] });
  });
});

describe('an answer that is lost', () => {
  const calls = [
    ['changePassword', 'PUT', '/v1/password', { old: password, new: 'battery staple' }, 204],
    ['endSessions', 'DELETE', '/v1/sessions/all', undefined, 401],
    ['deleteUser', 'DELETE', '/v1/users/me', { password }, 401],
    ['deleteSession', 'DELETE', '/v1/sessions', undefined, 401],
  ] as const;

  it.each(calls)(
    'of %s is told as `uncertain`; repeating the request brings about the same',
    async (method, ...request) => {
      const [verb, path, body, then] = request;
      let failing = true;
      const wrap = (store: Store): Store => ({
        ...store,
        [method]: async (...asked: never[]) => {
          const answer = await (store[method] as (...asked: never[]) => Promise<unknown>)(...asked);
          if (failing) throw new StoreFailure('cut', { definite: false });
          return answer;
        },
      });
      const { rig, ask } = await createHouse({ wrap, settings: { recheckMs: 1000 } });
      const { token } = await rig.signIn('anna');
      const laptop = await on(rig, 'anna@laptop', 1);
      const more = { token, ...(body && { body }) };
      expect(await ask(verb, path, more)).toMatchObject({ status: 500, body: { code: 'uncertain', definite: false } });
      failing = false;
      expect((await ask(verb, path, more)).status).toBe(then);
      await rig.clock.advance(3000);
      expect(laptop.closed).toBe(method === 'deleteSession' ? null : 4001);
    },
  );
});
