import { expect, it } from 'vitest';
import type { Connected, Store } from '../../src/system/database/store.ts';
import type { BundleId } from '../../src/system/protocol/ids.ts';
import { limits } from '../../src/system/protocol/limits.ts';
import type { Bench } from './store-kit.ts';
import {
  createGroup,
  done,
  invite,
  keys,
  oneTo,
  openDirect,
  people,
  person,
  rekey,
  remove,
  signIn,
} from './store-kit.ts';

const now = 10;

/** What devices leave for each other: key packages and bundles. */
export function keyDirectoryContract(bench: Bench): void {
  it('gives the oldest key package of each device of the user once, then the last resort', async () => {
    const { store, other } = bench;
    const [ada] = await people(store, 'ada', 'bob');
    const laptop = await signIn(store, ada, 'laptop');
    expect(await store.keys.addPackages(packages(ada, ['p1', 'p2'], 'last'))).toBe(2);
    expect(await store.keys.addPackages(packages(laptop, ['l1']))).toBe(1);
    const claim = async (from: Store) =>
      (await from.keys.claimPackages({ user: ada.user, except: null, now })).map(({ keyPackage }) => keyPackage);
    expect(await store.keys.claimPackages({ user: ada.user, except: null, now })).toEqual([
      { device: ada.device, keyPackage: 'p1' },
      { device: laptop.device, keyPackage: 'l1' },
    ]);
    expect(await claim(other)).toEqual(['p2']);
    expect(await claim(store)).toEqual(['last']);
    expect(await claim(other)).toEqual(['last']);
    expect([await store.keys.packagesLeft(ada.device), await store.keys.packagesLeft(laptop.device)]).toEqual([0, 0]);
    await store.keys.addPackages(packages(ada, ['p3'], 'later'));
    expect([await claim(store), await claim(store)]).toEqual([['p3'], ['later']]);
  });

  it('gives nothing for a user who has none, or is signed in on no device that has', async () => {
    const { store } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    await store.keys.addPackages(packages(ada, ['p1'], 'last'));
    expect(await store.keys.claimPackages({ user: bob.user, except: null, now })).toEqual([]);
    expect(await store.keys.claimPackages({ user: ada.user, except: null, now: 1e12 })).toEqual([]);
    await store.deleteSession(`${ada.user}-phone`);
    expect(await store.keys.claimPackages({ user: ada.user, except: null, now })).toEqual([]);
    expect(await store.keys.packagesLeft(ada.device)).toBe(1);
  });

  it('no key package is given twice, however many claim at once', async () => {
    const { store, other } = bench;
    const ada = await person(store, 'ada');
    const all = oneTo(30).map((n) => `p${n}`);
    await store.keys.addPackages(packages(ada, all, 'last'));
    const claims = await Promise.all(
      oneTo(40).map((n) => (n % 2 ? store : other).keys.claimPackages({ user: ada.user, except: null, now })),
    );
    const given = claims.flat().map(({ keyPackage }) => keyPackage);
    expect(given).toHaveLength(40);
    expect(given.filter((one) => one !== 'last').sort()).toEqual(all.toSorted());
  });

  it('keeps a package once, the newest when there are too many, and none of before when they are replaced', async () => {
    const { store } = bench;
    const ada = await person(store, 'ada');
    expect(await store.keys.addPackages(packages(ada, ['p1', 'p2', 'p1']))).toBe(2);
    expect(await store.keys.addPackages(packages(ada, ['p2', 'p3']))).toBe(3);
    const max = limits.keyPackagesPerDeviceMax;
    expect(
      await store.keys.addPackages(
        packages(
          ada,
          oneTo(max - 1).map((n) => `q${n}`),
        ),
      ),
    ).toBe(max);
    expect(await store.keys.claimPackages({ user: ada.user, except: null, now })).toMatchObject([{ keyPackage: 'p3' }]);
    await store.keys.addPackages(packages(ada, [], 'last'));
    expect(await store.keys.addPackages({ ...packages(ada, ['r1']), replace: true })).toBe(1);
    expect(await store.keys.claimPackages({ user: ada.user, except: null, now })).toMatchObject([{ keyPackage: 'r1' }]);
    expect(await store.keys.claimPackages({ user: ada.user, except: null, now })).toEqual([]);
  });

  it('a bundle is its device’s alone until a key change refers to it, and then for those who see the entry', async () => {
    const { store, other } = bench;
    const [ada, bob, cid, eve] = await people(store, 'ada', 'bob', 'cid', 'eve');
    const laptop = await signIn(store, ada, 'laptop');
    const parts = { welcome: 'V2VsY29tZQ', groupInfo: 'R3JvdXA', commit: null };
    const id = await store.keys.addBundle({ device: ada.device, at: 5, ...parts });
    expect(await other.keys.readBundle(id, ada)).toEqual(parts);
    expect(await other.keys.readBundle(id, laptop)).toBe('notMember');
    const crew = await done(store, { ...createGroup(ada, 'crew', ['bob']), keys: keys(0, { bundle: id }) });
    expect(crew.entry).toMatchObject({ keys: { epoch: 1, bundle: id } });
    expect(await other.conversation(crew.conversation)).toMatchObject({ bundle: id });
    for (const member of [ada, laptop, bob]) expect(await other.keys.readBundle(id, member)).toEqual(parts);
    expect(await other.keys.readBundle(id, eve)).toBe('notMember');
    // Who comes later sees the bundle of their own coming, and those after it.
    const second = await bundle(store, ada);
    await done(store, { ...invite(ada, crew.conversation, 'cid'), keys: keys(1, { bundle: second }) });
    expect(await store.keys.readBundle(second, cid)).toMatchObject({ groupInfo: 'Rw' });
    expect(await store.keys.readBundle(id, cid)).toBe('notMember');
    expect(await store.keys.readBundle(id, bob)).toEqual(parts);
    const third = await bundle(store, ada);
    await done(store, { ...remove(ada, crew.conversation, 'bob'), keys: keys(2, { bundle: third }) });
    // Who is gone still catches up on what was before, and sees nothing of the change that ended it or those after.
    expect(await store.keys.readBundle(id, bob)).toEqual(parts);
    expect(await store.keys.readBundle(second, bob)).toMatchObject({ groupInfo: 'Rw' });
    expect(await store.keys.readBundle(third, bob)).toBe('notMember');
    const fourth = await bundle(store, ada);
    await done(store, rekey(ada, crew.conversation, keys(3, { bundle: fourth })));
    expect(await store.keys.readBundle(fourth, bob)).toBe('notMember');
    expect(await store.keys.readBundle((fourth + 1) as BundleId, ada)).toBe('unknownBundle');
  });

  it('the latest bundle is for every member, also for who came without keys', async () => {
    const { store } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const { conversation } = await done(store, createGroup(ada, 'crew', ['bob']));
    const first = await bundle(store, ada);
    await done(store, rekey(ada, conversation, keys(0, { bundle: first })));
    expect(await store.keys.readBundle(first, bob)).toMatchObject({ groupInfo: 'Rw' });
    await done(store, rekey(ada, conversation, keys(1)));
    expect(await store.conversation(conversation)).toMatchObject({ epoch: 2, bundle: null });
  });

  it('refuses a key change with a bundle that is unknown, foreign or used, and writes nothing', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob', 'cid');
    const laptop = await signIn(store, ada, 'laptop');
    const [used, foreign] = [await bundle(store, ada), await bundle(store, laptop)];
    const creation = { ...createGroup(ada, 'crew', ['bob']), keys: keys(0, { bundle: used }) };
    const { conversation } = await done(store, creation);
    const refused = { kind: 'refused', code: 'unknownBundle' };
    for (const id of [used, foreign, 999_999 as BundleId]) {
      expect(await other.change(rekey(ada, conversation, keys(1, { bundle: id })))).toEqual(refused);
      expect(await other.change({ ...remove(ada, conversation, 'bob'), keys: keys(1, { bundle: id }) })).toEqual(
        refused,
      );
      expect(await other.change({ ...createGroup(ada), keys: keys(0, { bundle: id }) })).toEqual(refused);
      expect(await other.change({ ...openDirect(ada, 'cid'), keys: keys(0, { bundle: id }) })).toEqual(refused);
    }
    expect(await store.heads([conversation])).toEqual(new Map([[conversation, 1]]));
    expect(await store.membershipsOf(ada.user, ada.device)).toHaveLength(1);
    expect(await store.keys.readBundle(foreign, laptop)).toMatchObject({ groupInfo: 'Rw' });
    // The operation itself may be repeated, with the bundle that it used up.
    expect(await other.change(creation)).toMatchObject({ conversation, repeat: true });
    expect(await other.change({ ...openDirect(bob, 'ada'), keys: null })).toMatchObject({ repeat: false });
  });

  it('one operation that comes through several servers at once uses its bundle once', async () => {
    const { store, other } = bench;
    const [ada] = await people(store, 'ada', ...oneTo(6).map((n) => `bob${n}`));
    for (const n of oneTo(6)) {
      const opening = { ...openDirect(ada, `bob${n}`), keys: keys(0, { bundle: await bundle(store, ada) }) };
      const opened = await Promise.all([store, other, store].map((each) => done(each, opening)));
      expect(opened.filter(({ repeat }) => !repeat)).toHaveLength(1);
      const { conversation } = opened[0]!;
      const change = rekey(ada, conversation, keys(1, { bundle: await bundle(store, ada) }));
      const changed = await Promise.all([store, other, store].map((each) => done(each, change)));
      expect(changed.filter(({ repeat }) => !repeat)).toHaveLength(1);
    }
  });

  it('a direct conversation that both open with keys at once has those of one of them', async () => {
    const { store, other } = bench;
    for (const n of oneTo(5)) {
      const [ada, bob] = await people(store, `ada${n}`, `bob${n}`);
      const [mine, theirs] = [await bundle(store, ada), await bundle(store, bob)];
      const opened = await Promise.all([
        done(store, { ...openDirect(ada, bob.name), keys: keys(0, { bundle: mine }) }),
        done(other, { ...openDirect(bob, ada.name), keys: keys(0, { bundle: theirs }) }),
      ]);
      const winner = opened[0]!.repeat ? theirs : mine;
      expect(opened.filter(({ repeat }) => !repeat)).toHaveLength(1);
      expect(await store.conversation(opened[0]!.conversation)).toMatchObject({ epoch: 1, bundle: winner });
    }
  });

  it('of the bundles of a device that wait for a key change, the newest stay', async () => {
    const { store } = bench;
    const ada = await person(store, 'ada');
    const ids: BundleId[] = [];
    for (const _ of oneTo(limits.keyBundlesWaitingMax + 1)) ids.push(await bundle(store, ada));
    expect(await store.keys.readBundle(ids[0]!, ada)).toBe('unknownBundle');
    expect(await store.keys.readBundle(ids[1]!, ada)).toMatchObject({ groupInfo: 'Rw' });
  });

  it('bundles expire when they have been replaced, or when nobody has referred to them, a batch at a time', async () => {
    const { store, other } = bench;
    const ada = await person(store, 'ada');
    const [first, second, third, waiting] = [
      await bundle(store, ada, 100),
      await bundle(store, ada, 200),
      await bundle(store, ada, 300),
      await bundle(store, ada, 150),
    ];
    const { conversation } = await done(store, { ...createGroup(ada), keys: keys(0, { bundle: first }) });
    await done(store, rekey(ada, conversation, keys(1, { bundle: second })));
    await done(store, rekey(ada, conversation, keys(2, { bundle: third })));
    const left = async () =>
      (await Promise.all([first, second, third, waiting].map((id) => other.keys.readBundle(id, ada)))).map(
        (read) => read !== 'unknownBundle',
      );
    expect(await store.keys.expireBundles({ before: 100, waitingBefore: 150, limit: 10 })).toBe(0);
    expect(await store.keys.expireBundles({ before: 101, waitingBefore: 151, limit: 10 })).toBe(2);
    expect(await left()).toEqual([false, true, true, false]);
    await bundle(store, ada, 1);
    expect(await store.keys.expireBundles({ before: 1000, waitingBefore: 1000, limit: 1 })).toBe(1);
    expect(await other.keys.expireBundles({ before: 1000, waitingBefore: 1000, limit: 9 })).toBe(1);
    expect(await left()).toEqual([false, false, true, false]);
    expect(await store.conversation(conversation)).toMatchObject({ bundle: third });
  });
}

// ---

function packages(by: Connected, singleUse: readonly string[], lastResort: string | null = null) {
  return { device: by.device, packages: singleUse, lastResort, replace: false };
}

function bundle(store: Store, by: Connected, at = 5): Promise<BundleId> {
  return store.keys.addBundle({ device: by.device, at, welcome: null, groupInfo: 'Rw', commit: null });
}
