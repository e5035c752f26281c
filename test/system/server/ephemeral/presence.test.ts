import { describe, expect, it } from 'vitest';
import { StoreFailure } from '../../../../src/system/database/store.ts';
import { limits } from '../../../../src/system/protocol/limits.ts';
import { type ChatRig, createChatRig, type FrameClient, type RigOptions } from '../../../helpers/chat-rig.ts';

describe('presence', () => {
  it.each([
    ['on one server', 0],
    ['on two servers', 1],
  ])('is told at once to who asks, then when it changes, %s', async (_, server) => {
    const { rig, anna, bob } = await pair({ server });
    await rig.clock.advance(1000);
    anna.send({ type: 'presence', watch: ['bob'] });
    await rig.clock.advance(20);
    const since = seen(anna).bob!.at;
    expect(told(anna)).toEqual([{ user: 'bob', online: true, at: since }]);
    await rig.clock.advance(2000);
    const leftAt = rig.clock.wall();
    bob.pair.close();
    await rig.clock.advance(graceMs - 100);
    expect(told(anna)).toHaveLength(1);
    await rig.clock.advance(1000);
    expect(told(anna).slice(1)).toEqual([{ user: 'bob', online: false, at: expect.any(Number) }]);
    expect(seen(anna).bob!.at).toBeGreaterThanOrEqual(leftAt);
    rig.connect(bob.account, server);
    await rig.clock.advance(1500);
    expect(told(anna).slice(2)).toEqual([{ user: 'bob', online: true, at: expect.any(Number) }]);
    expect(rig.errors).toEqual([]);
  });

  it.each([
    ['the same server', 1],
    ['another server', 0],
  ])('a reconnect to %s is no flicker', async (_, to) => {
    const { rig, anna, bob } = await pair({ server: 1 });
    anna.send({ type: 'presence', watch: ['bob'] });
    await rig.clock.advance(2000);
    bob.pair.close();
    await rig.clock.advance(graceMs / 2);
    rig.connect(bob.account, to);
    await rig.clock.advance(4 * graceMs);
    expect(told(anna).map(({ online }) => online)).not.toContain(false);
  });

  it('a user is online for as long as one device is', async () => {
    const { rig, anna, bob } = await pair({ server: 1 });
    const laptop = rig.connect(await rig.signIn('bob', 'laptop'), 0);
    anna.send({ type: 'presence', watch: ['bob'] });
    await rig.clock.advance(2000);
    bob.pair.close();
    await rig.clock.advance(4 * graceMs);
    expect(seen(anna).bob).toMatchObject({ online: true });
    laptop.pair.close();
    await rig.clock.advance(2 * graceMs);
    expect(seen(anna).bob).toMatchObject({ online: false });
  });

  it('strangers and names that nobody has are met with the same silence', async () => {
    const { rig, anna } = await pair();
    await rig.online('eve');
    anna.send({ type: 'presence', watch: ['eve', 'nobody', 'BOB'] });
    await rig.clock.advance(5000);
    expect(Object.keys(seen(anna))).toEqual(['bob']);
  });

  it('ends with the last conversation that is shared, for both, and begins with the first', async () => {
    const rig = await createChatRig({ servers: 2, settings });
    const [anna, bob, cleo] = [await rig.online('anna', 0), await rig.online('bob', 1), await rig.online('cleo', 0)];
    anna.send({ type: 'presence', watch: ['bob', 'cleo'] });
    bob.send({ type: 'presence', watch: ['anna', 'cleo'] });
    anna.send({ type: 'createGroup', clientId: 1, title: 'trip' });
    await rig.clock.advance(2000);
    expect([told(anna), told(bob)]).toEqual([[], []]);
    for (const [i, user] of ['bob', 'cleo'].entries()) {
      anna.send({ type: 'invite', clientId: i + 2, conversation: 1, users: [user] });
    }
    await rig.clock.advance(settings.recheckMs * 1.5);
    expect(seen(bob)).toMatchObject({ anna: { online: true }, cleo: { online: true } });
    expect(seen(anna)).toMatchObject({ bob: { online: true }, cleo: { online: true } });
    anna.send({ type: 'remove', clientId: 9, conversation: 1, users: ['bob'] });
    await rig.clock.advance(5);
    const before = [told(anna).length, told(bob).length];
    bob.pair.close();
    const again = rig.connect(bob.account, 1);
    again.send({ type: 'presence', watch: ['anna', 'cleo'] });
    cleo.pair.close();
    await rig.clock.advance(4 * graceMs);
    expect(told(again)).toEqual([]);
    expect(told(anna).slice(before[0])).toEqual([{ user: 'cleo', online: false, at: expect.any(Number) }]);
  });

  it.each(['the watcher', 'the watched'])(
    'is not told once %s was removed, not even until that is looked up',
    async (who) => {
      let answer = Promise.resolve();
      const rig = await createChatRig({
        servers: 2,
        settings: { ...settings, recheckMs: 1e7 },
        wrap: (store) => {
          const acquaintances: typeof store.presence.acquaintances = async (asked) => {
            const known = await store.presence.acquaintances(asked);
            await answer;
            return known;
          };
          return { ...store, presence: { ...store.presence, acquaintances } };
        },
      });
      const [anna, bob, cleo] = [await rig.online('anna', 0), await rig.online('bob', 1), await rig.online('cleo', 0)];
      anna.send({ type: 'createGroup', clientId: 1, title: 'trip' });
      await rig.clock.advance(50);
      for (const [i, user] of ['bob', 'cleo'].entries()) {
        anna.send({ type: 'invite', clientId: i + 2, conversation: 1, users: [user] });
      }
      await rig.clock.advance(2000);
      bob.send({ type: 'presence', watch: ['cleo', 'anna'] });
      await rig.clock.advance(1000);
      expect(seen(bob)).toMatchObject({ anna: { online: true }, cleo: { online: true } });
      const before = told(bob).length;
      let go = (): void => {};
      answer = new Promise((resume) => {
        go = resume;
      });
      anna.send({ type: 'remove', clientId: 9, conversation: 1, users: [who === 'the watcher' ? 'bob' : 'cleo'] });
      await rig.clock.advance(50);
      cleo.pair.close();
      anna.pair.close();
      await rig.clock.advance(4 * graceMs);
      expect(told(bob)).toHaveLength(before);
      go();
      await rig.clock.advance(4 * graceMs);
      const expected = who === 'the watcher' ? [] : [{ user: 'anna', online: false, at: expect.any(Number) }];
      expect(told(bob).slice(before)).toEqual(expected);
    },
  );

  it('who came by a call whose answer was lost, and left before it was repeated, is not online for ever', async () => {
    let losing = false;
    const { rig, bob } = await pair({
      settings: { presenceGraceMs: 0, presenceWindowMs: 0 },
      wrap: (store) => {
        const movePresence: typeof store.presence.movePresence = async (...args) => {
          const answer = await store.presence.movePresence(...args);
          if (losing) throw new StoreFailure('Nobody knows, but done.', { definite: false });
          return answer;
        };
        return { ...store, presence: { ...store.presence, movePresence } };
      },
    });
    losing = true;
    const laptop = rig.connect(await rig.signIn('cleo'));
    await rig.clock.advance(100);
    laptop.pair.close();
    bob.pair.close();
    await rig.clock.advance(100);
    losing = false;
    await rig.clock.advance(2000);
    const users = await Promise.all(['cleo', 'bob'].map((name) => rig.store.findUser(name)));
    const states = await rig.store.presence.presenceOf(users.map((user) => user!.id));
    expect(states.map(({ online }) => online)).toEqual([false, false]);
  });

  it('a list replaces the one before; an empty one ends it', async () => {
    const { rig, anna, bob } = await pair();
    const cleo = await rig.online('cleo');
    anna.send({ type: 'openDirect', clientId: 5, with: 'cleo' });
    await rig.clock.advance(50);
    anna.send({ type: 'presence', watch: ['bob'] });
    await rig.clock.advance(1000);
    anna.send({ type: 'presence', watch: ['cleo'] });
    await rig.clock.advance(1000);
    bob.pair.close();
    await rig.clock.advance(3 * graceMs);
    expect(Object.keys(seen(anna))).toEqual(['bob', 'cleo']);
    expect(seen(anna)).toMatchObject({ bob: { online: true } });
    anna.send({ type: 'presence', watch: [] });
    cleo.pair.close();
    await rig.clock.advance(3 * graceMs);
    expect(seen(anna)).toMatchObject({ cleo: { online: true } });
    expect(rig.servers[0]!.stats().ephemeralQueued).toBe(0);
  });

  it('more than the limit in one list is malformed, and more than the server takes in all is not watched', async () => {
    const { rig, anna } = await pair({ settings: { presenceWatchesMax: 0 } });
    anna.send({ type: 'presence', watch: Array.from({ length: limits.presenceWatchMax + 1 }, (_, i) => `user${i}`) });
    expect(anna.frames.at(-1)).toMatchObject({ type: 'refused', code: 'malformed' });
    anna.send({ type: 'presence', watch: ['bob'] });
    await rig.clock.advance(5000);
    expect(told(anna)).toEqual([]);
    expect(rig.servers[0]!.stats().ephemeralDroppedTotal).toBeGreaterThan(0);
  });

  it('many changes in one window come in one frame', async () => {
    const rig = await createChatRig({ settings });
    const anna = await rig.online('anna');
    const names = Array.from({ length: 40 }, (_, i) => `user${i}`);
    const others: FrameClient[] = [];
    for (const name of names) others.push(await rig.online(name));
    for (const [i, name] of names.entries()) anna.send({ type: 'openDirect', clientId: i + 1, with: name });
    await rig.clock.advance(1000);
    anna.send({ type: 'presence', watch: names });
    await rig.clock.advance(2000);
    const before = frames(anna).length;
    for (const other of others) other.pair.close();
    await rig.clock.advance(4 * graceMs);
    expect(Object.values(seen(anna)).filter(({ online }) => !online)).toHaveLength(40);
    expect(frames(anna).length - before).toBeLessThanOrEqual(2);
  });

  it('is not sent to a slow reader, who is told how it is when there is room again', async () => {
    const { rig, anna, bob } = await pair();
    anna.send({ type: 'presence', watch: ['bob'] });
    await rig.clock.advance(1000);
    anna.pair.stall();
    bob.send({ type: 'send', clientId: 1, conversation: 1, epoch: 0, payload: 'x' });
    await rig.clock.advance(10);
    const before = told(anna).length;
    for (let i = 0, client = bob; i < 5; i++) {
      client.pair.close();
      await rig.clock.advance(3 * graceMs);
      client = rig.connect(bob.account, 0);
      await rig.clock.advance(3 * graceMs);
    }
    anna.pair.resume();
    expect(told(anna)).toHaveLength(before);
    await rig.clock.advance(1000);
    expect(told(anna).slice(before)).toEqual([{ user: 'bob', online: true, at: expect.any(Number) }]);
  });

  it('users of a server that dies go offline with its lease, and were last seen while it lived', async () => {
    const world = mortal();
    const { rig, anna, bob } = await pair({ server: 1, wrap: world.wrap });
    anna.send({ type: 'presence', watch: ['bob'] });
    await rig.clock.advance(20_000);
    world.die();
    rig.loseHints(true);
    bob.pair.close();
    await rig.clock.advance(settings.presenceLeaseMs * 0.6);
    expect(seen(anna).bob).toMatchObject({ online: true });
    await rig.clock.advance(settings.presenceLeaseMs);
    expect(seen(anna).bob).toMatchObject({ online: false });
    expect(rig.clock.wall() - seen(anna).bob!.at).toBeLessThan(3 * settings.presenceLeaseMs);
  });

  it('a server that was only away says again who is there', async () => {
    const world = mortal();
    const { rig, anna } = await pair({ server: 1, wrap: world.wrap });
    anna.send({ type: 'presence', watch: ['bob'] });
    await rig.clock.advance(2000);
    world.die();
    await rig.clock.advance(settings.presenceLeaseMs * 2);
    expect(seen(anna).bob).toMatchObject({ online: false });
    world.live();
    await rig.clock.advance(settings.presenceLeaseMs);
    expect(seen(anna).bob).toMatchObject({ online: true });
  });

  it('what a lost signal would have told is found within the time of a refresh', async () => {
    const { rig, anna, bob } = await pair({ server: 1 });
    anna.send({ type: 'presence', watch: ['bob'] });
    await rig.clock.advance(2000);
    rig.loseHints(true);
    bob.pair.close();
    await rig.clock.advance(2 * graceMs);
    expect(seen(anna).bob).toMatchObject({ online: true });
    await rig.clock.advance(settings.presenceRefreshMs + 500);
    expect(seen(anna).bob).toMatchObject({ online: false });
  });

  it('costs other servers nothing when nobody watches', async () => {
    const { rig, bob } = await pair({ server: 1 });
    bob.pair.close();
    await rig.clock.advance(3 * graceMs);
    expect(rig.signals.filter(({ kind }) => kind === 'presence')).toEqual([]);
  });
});

// ---

const graceMs = 5000;
const settings = {
  recheckMs: 5000,
  presenceGraceMs: graceMs,
  presenceLeaseMs: 15_000,
  presenceRefreshMs: 30_000,
  heartbeatMs: 1e7,
};

/** Anna on the first server and bob on `server`, in a direct conversation. */
async function pair(options: RigOptions & { server?: number } = {}) {
  const rig: ChatRig = await createChatRig({ servers: 2, ...options, settings: { ...settings, ...options.settings } });
  const [anna, bob] = [await rig.online('anna', 0), await rig.online('bob', options.server ?? 0)];
  anna.send({ type: 'openDirect', clientId: 1, with: 'bob' });
  await rig.clock.advance(50);
  return { rig, anna, bob };
}

/** Lets the second server lose the store, as if it had stopped. */
function mortal() {
  let dead = false;
  const wrap: RigOptions['wrap'] = (store, _, server) => {
    if (server === 0) return store;
    const presence = Object.entries(store.presence).map(([name, call]) => [
      name,
      (...args: never[]) =>
        dead
          ? Promise.reject(new StoreFailure('The store is out of reach.', { definite: true }))
          : (call as (...args: never[]) => unknown)(...args),
    ]);
    return { ...store, presence: Object.fromEntries(presence) };
  };
  return {
    wrap,
    die: () => {
      dead = true;
    },
    live: () => {
      dead = false;
    },
  };
}

function frames(client: FrameClient) {
  return client.frames.filter((frame) => frame.type === 'presence');
}

function told(client: FrameClient) {
  return frames(client).flatMap(({ users }) => users);
}

/** What the client believes. */
function seen(client: FrameClient): Record<string, { online: boolean; at: number }> {
  return Object.fromEntries(told(client).map(({ user, online, at }) => [user, { online, at }]));
}
