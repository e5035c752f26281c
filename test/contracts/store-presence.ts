import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Store } from '../../src/system/database/store.ts';
import type { UserId } from '../../src/system/protocol/ids.ts';
import { type Bench, direct, done, group, leave, people, userId, userName } from './store-kit.ts';

export function presenceContract(bench: Bench): void {
  it('a user is online while on at least one server, since the first; then was last seen when the last one said so', async () => {
    const { store, other } = bench;
    const [ada] = await people(store, 'ada');
    const [east, west] = [await store.presence.openLease(0), await other.presence.openLease(0)];
    const { user } = ada;
    expect(await other.presence.presenceOf([user])).toEqual([{ user, online: false, at: 0 }]);
    expect(await store.presence.movePresence(east, { came: [user], went: [], at: 10 })).toBe(true);
    expect(await other.presence.movePresence(west, { came: [user, user], went: [], at: 20 })).toBe(true);
    expect(await other.presence.presenceOf([user, user])).toEqual([{ user, online: true, at: 10 }]);
    await store.presence.movePresence(east, { came: [], went: [user], at: 30 });
    expect(await other.presence.presenceOf([user])).toEqual([{ user, online: true, at: 20 }]);
    await store.presence.movePresence(west, { came: [], went: [user, user], at: 40 });
    await store.presence.movePresence(east, { came: [], went: [user], at: 50 });
    expect(await other.presence.presenceOf([user])).toEqual([{ user, online: false, at: 40 }]);
  });

  it('ends with the lease that nobody renews: those who were online under it were last seen when it was renewed last', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const [dead, alive] = [await store.presence.openLease(100), await other.presence.openLease(100)];
    await store.presence.movePresence(dead, { came: [ada.user, bob.user], went: [], at: 110 });
    await other.presence.movePresence(alive, { came: [bob.user], went: [], at: 120 });
    expect(await other.presence.renewLease(alive, { now: 200, lapsedBefore: 100 })).toEqual([]);
    const ended = await other.presence.renewLease(alive, { now: 300, lapsedBefore: 101 });
    expect(ended?.toSorted()).toEqual([ada.user, bob.user]);
    expect(await stateOf(other, ada.user, bob.user)).toEqual([
      { user: ada.user, online: false, at: 100 },
      { user: bob.user, online: true, at: 120 },
    ]);
    expect(await store.presence.renewLease(dead, { now: 400, lapsedBefore: 101 })).toBe(null);
    expect(await store.presence.movePresence(dead, { came: [ada.user], went: [], at: 410 })).toBe(false);
    expect(await stateOf(other, ada.user)).toEqual([{ user: ada.user, online: false, at: 100 }]);
  });

  it('a server that was away itself ends nobody’s lease: the others may have been cut off with it', async () => {
    const { store, other } = bench;
    const [one, two] = [await store.presence.openLease(0), await other.presence.openLease(0)];
    expect(await store.presence.renewLease(one, { now: 1000, lapsedBefore: 500 })).toEqual([]);
    expect(await other.presence.renewLease(two, { now: 1001, lapsedBefore: 501 })).toEqual([]);
    expect(await store.presence.renewLease(one, { now: 1400, lapsedBefore: 900 })).toEqual([]);
  });

  it('whoever comes while the lease is ended is online under a living lease or not at all', async () => {
    const { store, other } = bench;
    let now = 1_000_000;
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 2, maxLength: 6 }), async (order) => {
        const [ada] = await people(store, `ada${round++}`);
        now += 2000;
        const lapsed = await store.presence.openLease(now - 1000);
        const alive = await other.presence.openLease(now);
        const moves = order.map(
          (move): Promise<boolean | readonly UserId[] | null> =>
            move
              ? store.presence.movePresence(lapsed, { came: [ada.user], went: [], at: now })
              : other.presence.renewLease(alive, { now, lapsedBefore: now - 500 }),
        );
        await Promise.all(moves);
        const over = await other.presence.renewLease(alive, { now, lapsedBefore: now - 500 });
        expect(over).not.toBe(null);
        expect(await stateOf(other, ada.user)).toMatchObject([{ online: false }]);
        expect(await store.presence.movePresence(lapsed, { came: [ada.user], went: [], at: now })).toBe(false);
      }),
      { numRuns: 15 },
    );
  });

  it('unknown and deleted users are ignored, and nothing is kept of the deleted', async () => {
    const { store, other } = bench;
    const [ada] = await people(store, 'ada');
    const lease = await store.presence.openLease(0);
    const { user } = ada;
    await store.presence.movePresence(lease, { came: [user, userId(999)], went: [userId(998)], at: 5 });
    await store.deleteUser({ id: user, passwordHash: 'hash', at: 6 });
    while ((await other.depart(10, 7)).more);
    await store.presence.movePresence(lease, { came: [user], went: [], at: 8 });
    await store.presence.movePresence(lease, { came: [], went: [user], at: 9 });
    expect(await stateOf(other, user, userId(999))).toEqual([]);
  });

  it('a user knows those of the named who share a conversation with them now, whatever the case of the name', async () => {
    const { store, other } = bench;
    const [ada, bob, eve, kim, zoe] = await people(store, 'ada', 'bob', 'eve', 'kim', 'zoe');
    await direct(store, ada, bob);
    const crew = await group(store, eve, ada, kim);
    await done(store, leave(kim, crew));
    const named = ['BOB', 'eve', 'kim', 'zoe', 'nobody'].map((name) => ({ by: ada.user, name: userName(name) }));
    const asked = [...named, { by: bob.user, name: userName('ada') }, { by: bob.user, name: userName('eve') }];
    const known = await other.presence.acquaintances(asked);
    expect(known.map(({ by, name }) => `${by} ${name}`).toSorted()).toEqual(
      [`${ada.user} bob`, `${ada.user} eve`, `${bob.user} ada`].toSorted(),
    );
    expect(known.find(({ name }) => name === 'bob')).toEqual({ by: ada.user, user: bob.user, name: 'bob' });
    expect(await other.presence.acquaintances([{ by: zoe.user, name: userName('ada') }])).toEqual([]);
    await done(store, leave(ada, crew));
    expect((await store.presence.acquaintances(named)).map(({ name }) => name)).toEqual(['bob']);
    await store.deleteUser({ id: bob.user, passwordHash: 'hash', at: 9 });
    expect(await store.presence.acquaintances(named)).toEqual([]);
  });
}

// ---

async function stateOf(store: Store, ...users: UserId[]) {
  return (await store.presence.presenceOf(users)).toSorted((a, b) => a.user - b.user);
}
