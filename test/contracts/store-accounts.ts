import { expect, it } from 'vitest';
import type { Identity } from '../../src/system/database/store.ts';
import type { Bench } from './store-kit.ts';
import {
  createGroup,
  done,
  invite,
  openDirect,
  people,
  person,
  readAll,
  send,
  sent,
  signIn,
  userId,
  userName,
} from './store-kit.ts';

export function accountsContract(bench: Bench): void {
  it('tells names apart without regard to case and keeps the case', async () => {
    const { store } = bench;
    const ada = await store.createUser({ name: userName('Ada'), passwordHash: 'h', at: 1 });
    expect(await store.createUser({ name: userName('aDA'), passwordHash: 'h', at: 1 })).toBeNull();
    expect(await store.findUser('ADA')).toEqual({ id: ada, name: 'Ada', passwordHash: 'h' });
    expect(await store.findUser('Adam')).toBeNull();
  });

  it('does not let names that look alike stand beside each other, and finds each by its exact name only', async () => {
    const { store, other } = bench;
    const paul = await store.createUser({ name: userName('Paul.W'), passwordHash: 'h', at: 1 });
    for (const name of ['pau1-w', 'PaulVV', 'pa-uIw', 'Paul_W']) {
      expect(await other.createUser({ name: userName(name), passwordHash: 'h', at: 1 }), name).toBeNull();
    }
    expect((await other.findUser('PAUL.w'))?.id).toBe(paul);
    expect(await other.findUser('pau1-w')).toBeNull();
    expect(await other.findUser('PaulW')).toBeNull();
  });

  it('gives a name to one of many who want it at once', async () => {
    const stores = [bench.store, bench.other, bench.store, bench.other];
    const names = ['ada1', 'Ada1', 'ada.l', 'adaI'];
    const wishes = stores.map((store, i) => store.createUser({ name: userName(names[i]!), passwordHash: 'h', at: 1 }));
    expect((await Promise.all(wishes)).filter((id) => id !== null)).toHaveLength(1);
  });

  it('only the letters A to Z have a case', async () => {
    await person(bench.store, 'kim');
    // The Kelvin sign becomes a `k` in many libraries.
    expect(await bench.store.findUser('\u212Aim')).toBeNull();
  });

  it('knows a device by its user and label', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const session = { user: ada.user, deviceLabel: 'phone', tokenDigest: 'second', at: 5, expiresAt: 100 };
    expect(await other.createSession(session)).toBe(ada.device);
    expect((await signIn(store, ada, 'laptop')).device).not.toBe(ada.device);
    expect(bob.device).not.toBe(ada.device);
  });

  it('knows who is behind a token until it expires or is deleted', async () => {
    const { store, other } = bench;
    const ada = await person(store, 'Ada');
    await store.createSession({ user: ada.user, deviceLabel: 'phone', tokenDigest: 'token', at: 5, expiresAt: 100 });
    expect(await other.findSession('token', 99)).toEqual(identityOf(ada));
    expect(await other.findSession('token', 100)).toBeNull();
    expect(await other.findSession('unknown', 99)).toBeNull();
    expect(await store.deleteSession('token')).toBe(ada.user);
    expect(await store.deleteSession('token')).toBeNull();
    expect(await other.findSession('token', 99)).toBeNull();
  });

  it('a new session leaves other living sessions of the device alone', async () => {
    const { store } = bench;
    const ada = await person(store, 'ada');
    const session = { user: ada.user, deviceLabel: 'phone', at: 50, expiresAt: 100 };
    await store.createSession({ ...session, tokenDigest: 'first' });
    await store.createSession({ ...session, tokenDigest: 'second' });
    expect(await store.findSession('first', 60)).toEqual(identityOf(ada));
    expect(await store.findSession('second', 60)).toEqual(identityOf(ada));
  });

  it('makes no session of nobody', async () => {
    const session = { user: userId(99), deviceLabel: 'x', tokenDigest: 't', at: 0, expiresAt: 9 };
    expect(await bench.store.createSession(session)).toBeNull();
    expect(await bench.store.findSession('t', 1)).toBeNull();
  });

  it.each([`'; DROP TABLE users; --`, `" OR ""="`, `\\'; SELECT 1; --`, '$1 %s {"a":[1]}', '{NULL,"x"}', 'émile 😀'])(
    'treats %j as nothing but text, in every field',
    async (text) => {
      const { store } = bench;
      const user = await store.createUser({ name: userName(text), passwordHash: text, at: 1 });
      expect(await store.findUser(text)).toEqual({ id: user, name: text, passwordHash: text });
      const session = { user: user!, deviceLabel: text, tokenDigest: text, at: 0, expiresAt: 1e12 };
      await store.createSession(session);
      const by = (await store.beginConnection(text, 1))!;
      expect(await store.findSession(text, 1)).toEqual(identityOf(by));
      const { conversation } = await done(store, createGroup(by, text));
      expect(await store.change(invite(by, conversation, text))).toEqual({ kind: 'refused', code: 'alreadyMember' });
      await done(store, openDirect(by, text));
      await sent(store, send(by, conversation, { payload: text }));
      expect((await readAll(store, conversation, by))[1]).toMatchObject({ sender: text, payload: text });
      expect(await store.conversation(conversation)).toMatchObject({
        title: text,
        admin: text,
        members: [{ name: text }],
      });
      expect(await store.deleteSession(text)).toBe(user);
      expect(await store.findUser(text)).not.toBeNull();
    },
  );

  it('looks up any text without failing', async () => {
    expect(await bench.store.findUser('a\0b')).toBeNull();
    expect(await bench.store.findSession('a\0b', 1)).toBeNull();
  });

  it('answers a ping until it is closed, and then refuses everything as not done', async () => {
    const { other } = bench;
    await other.ping();
    await other.close();
    await other.close();
    const failures = await Promise.all(
      [other.ping(), other.heads([]), other.findUser('ada')].map((call) => call.catch((error) => error)),
    );
    for (const failure of failures) expect(failure).toMatchObject({ name: 'StoreFailure', definite: true });
  });
}

// ---

function identityOf({ user, name, device }: Identity): Identity {
  return { user, name, device };
}
