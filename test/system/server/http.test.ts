import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Store, StoreFailure } from '../../../src/system/database/store.ts';
import { errorAnswer, serverStats } from '../../../src/system/protocol/http.ts';
import { createChatRig, type RigOptions } from '../../helpers/chat-rig.ts';

async function createDoor(options: RigOptions = {}) {
  const rig = await createChatRig(options);
  const ask = async (
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    more: { body?: unknown; token?: string; remote?: string } = {},
  ) => {
    const { body, token, remote = '10.0.0.9' } = more;
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await rig.servers[0]!.http({
      method,
      path,
      body: text,
      remote,
      ...(token !== undefined && { token }),
    });
    return {
      status: answer.status,
      headers: answer.headers ?? {},
      body: answer.body === '' ? null : JSON.parse(answer.body),
    };
  };
  return { rig, ask };
}

const anna = { name: 'anna', password: 'correct horse' };
const signIn = { ...anna, device: 'phone' };

describe('accounts over HTTP', () => {
  it('sign up, sign in, find each other, sign out', async () => {
    const { ask } = await createDoor();
    expect(await ask('POST', '/v1/users', { body: anna })).toMatchObject({ status: 201, body: { name: 'anna' } });
    const { status, body } = await ask('POST', '/v1/sessions', { body: signIn });
    expect([status, body.name, body.device]).toEqual([200, 'anna', 1]);
    expect(body.token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const { token } = body;
    expect(await ask('GET', '/v1/users/ANNA', { token })).toMatchObject({ status: 200, body: { name: 'anna' } });
    expect(await ask('GET', '/v1/users/bob', { token })).toMatchObject({ status: 404, body: { code: 'unknownUser' } });
    expect(await ask('DELETE', '/v1/sessions', { token })).toMatchObject({ status: 204, body: null });
    expect(await ask('GET', '/v1/users/anna', { token })).toMatchObject({ status: 401 });
    expect(await ask('DELETE', '/v1/sessions', { token })).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    });
  });

  it('a wrong name and a wrong password are answered alike', async () => {
    const { ask } = await createDoor();
    await ask('POST', '/v1/users', { body: anna });
    const wrongPassword = await ask('POST', '/v1/sessions', { body: { ...signIn, password: 'wrong' } });
    const wrongName = await ask('POST', '/v1/sessions', { body: { ...signIn, name: 'nobody' } });
    expect(wrongPassword).toEqual(wrongName);
    expect(wrongName).toMatchObject({ status: 401, body: { code: 'unauthenticated', definite: true } });
  });

  it('a name is taken also in other case', async () => {
    const { ask } = await createDoor();
    await ask('POST', '/v1/users', { body: anna });
    const again = await ask('POST', '/v1/users', { body: { ...anna, name: 'Anna' } });
    expect(again).toMatchObject({ status: 409, body: { code: 'nameTaken' } });
  });

  it('a name is taken also by one that looks like it; reserved ones are nobody’s', async () => {
    const { ask } = await createDoor();
    await ask('POST', '/v1/users', { body: { ...anna, name: 'paul' } });
    const alike = await ask('POST', '/v1/users', { body: { ...anna, name: 'Pau1' } });
    expect(alike).toMatchObject({ status: 409, body: { code: 'nameTaken', definite: true } });
    for (const name of ['admin', 'Nawaab', 'r00t', 'me']) {
      const refused = await ask('POST', '/v1/users', { body: { ...anna, name } });
      expect(refused, name).toMatchObject({ status: 409, body: { code: 'nameReserved', definite: true } });
    }
    // Signing in is by the exact name, in any case.
    const signInAs = (name: string) => ask('POST', '/v1/sessions', { body: { ...signIn, name } });
    expect([(await signInAs('PAUL')).status, (await signInAs('pau1')).status]).toEqual([200, 401]);
  });

  it('too many sign-ins for one name, or from one address, wait for as long as Retry-After says', async () => {
    const { rig, ask } = await createDoor({ settings: { signInPerMinutePerName: 2, signInPerMinutePerAddress: 4 } });
    const attempt = (name: string, remote: string) =>
      ask('POST', '/v1/sessions', { body: { ...signIn, name }, remote });
    expect((await attempt('anna', 'a')).status).toBe(401);
    expect((await attempt('Anna', 'b')).status).toBe(401);
    const refused = await attempt('ANNA', 'c');
    expect(refused).toMatchObject({
      status: 429,
      headers: { 'retry-after': '30' },
      body: { code: 'tooMany', retryAfterMs: 30_000 },
    });
    for (const name of ['x1', 'x2', 'x3']) expect((await attempt(name, 'a')).status).toBe(401);
    expect((await attempt('x4', 'a')).status).toBe(429);
    await rig.clock.advance(30_000);
    expect((await attempt('anna', 'd')).status).toBe(401);
  });

  it('more sign-ins than can wait for their turn are refused with `busy`', async () => {
    const { rig, ask } = await createDoor({ settings: { passwordsMax: 1, passwordQueueMax: 1 } });
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => ask('POST', '/v1/users', { body: { ...anna, name } })),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 503, 503]);
    expect(answers[3]).toMatchObject({ headers: { 'retry-after': '1' }, body: { code: 'busy', retryAfterMs: 1000 } });
    expect(rig.errors).toEqual([]);
  });
});

describe('requests that are wrong', () => {
  it.each([
    ['no JSON', '{', 'malformed', 'JSON'],
    ['an unknown field', { ...anna, admin: true }, 'malformed', 'admin'],
    ['a short password', { ...anna, password: 'short' }, 'malformed', 'password'],
    ['a name with a space', { ...anna, name: 'an na' }, 'malformed', 'name'],
    ['a body over the limit', 'x'.repeat(70_000), 'tooLarge', ''],
  ])('%s is refused, naming the place', async (_, body, code, detail) => {
    const { ask } = await createDoor();
    const answer = await ask('POST', '/v1/users', { body });
    expect(answer.body).toMatchObject({ code, definite: true });
    expect(answer.body.detail ?? '').toContain(detail);
  });

  it.each(['/', '/v1', '/v1/users/', '/v1/users/%E0%A4%A', '/metrics/x', '/__proto__'])(
    '%s is an unknown path',
    async (path) => {
      const { ask } = await createDoor();
      expect(await ask('GET', path)).toMatchObject({ status: 404, body: { code: 'unknownPath' } });
    },
  );

  it('any body gets an answer of the protocol', async () => {
    const { rig, ask } = await createDoor();
    const path = fc.constantFrom('/v1/users', '/v1/sessions');
    await fc.assert(
      fc.asyncProperty(path, fc.oneof(fc.json(), fc.string({ unit: 'binary' })), async (to, body) => {
        const answer = await ask('POST', to, { body });
        expect(errorAnswer.safeParse(answer.body).error).toBeUndefined();
      }),
    );
    expect(rig.errors).toEqual([]);
  });

  it.each([
    [true, 'databaseDown', 503],
    [false, 'uncertain', 500],
  ])('a store that fails (definite: %s) is told as `%s`', async (definite, code, status) => {
    const failing = () => Promise.reject(new StoreFailure('no', { definite }));
    const { ask } = await createDoor({ wrap: (store: Store) => ({ ...store, createUser: failing }) });
    expect(await ask('POST', '/v1/users', { body: anna })).toMatchObject({ status, body: { code, definite } });
  });
});

describe('health', () => {
  it('is ready until it drains, and alive all the time', async () => {
    const { rig, ask } = await createDoor();
    expect([(await ask('GET', '/healthz')).status, (await ask('GET', '/readyz')).status]).toEqual([200, 200]);
    const drained = rig.servers[0]!.drain();
    expect([(await ask('GET', '/healthz')).status, (await ask('GET', '/readyz')).status]).toEqual([200, 503]);
    expect(await ask('POST', '/v1/users', { body: anna })).toMatchObject({ status: 503, body: { code: 'busy' } });
    await rig.clock.advance(100);
    await drained;
  });

  it('is not ready while the database is away, and again when it is back', async () => {
    let away = true;
    const wrap = (store: Store): Store => ({
      ...store,
      findUser: (name) => (away ? Promise.reject(new StoreFailure('away', { definite: true })) : store.findUser(name)),
      ping: () => Promise.resolve(),
    });
    const { rig, ask } = await createDoor({ wrap, settings: { retryMs: 500 } });
    await ask('POST', '/v1/sessions', { body: signIn });
    expect((await ask('GET', '/readyz')).status).toBe(503);
    away = false;
    await rig.clock.advance(500);
    expect((await ask('GET', '/readyz')).status).toBe(200);
  });

  it('the stats fit their schema and count what happened', async () => {
    const { rig, ask } = await createDoor();
    const client = await rig.online('anna');
    const other = rig.connect(await rig.signIn('anna', 'laptop'));
    await rig.clock.advance(0);
    client.send({ type: 'createGroup', clientId: 1, title: 'trip' });
    await rig.clock.advance(500);
    const { body } = await ask('GET', '/stats');
    expect(serverStats.safeParse(body).error).toBeUndefined();
    expect(body).toMatchObject({ server: 's1', sessions: 2, acceptedTotal: 1, deliveredTotal: 1, acceptedPerSec: 2 });
    expect(other.entries()).toHaveLength(1);
  });
});
