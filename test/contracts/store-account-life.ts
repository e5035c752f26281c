import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Departures } from '../../src/system/database/account-store.ts';
import type { Connected, Store } from '../../src/system/database/store.ts';
import type { Bench } from './store-kit.ts';
import {
  createGroup,
  deviceId,
  direct,
  done,
  group,
  invite,
  oneTo,
  openDirect,
  people,
  person,
  readAll,
  reconnect,
  send,
  sent,
  seq,
  seqsOf,
  signIn,
  userId,
} from './store-kit.ts';

export function accountLifeContract(bench: Bench): void {
  it('changes a password once, and only from the hash it was', async () => {
    const { store, other } = bench;
    const ada = await person(store, 'ada');
    const change = { user: ada.user, from: 'hash', to: 'new', keep: '' };
    expect(await Promise.all([store.changePassword(change), other.changePassword(change)])).toContain(false);
    expect((await other.findUser('ada'))?.passwordHash).toBe('new');
    expect(await store.changePassword({ ...change, user: userId(99) })).toBe(false);
  });

  it('a change of the password ends every session but one, and nothing more is written for those', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, ada, bob);
    const laptop = await signIn(other, ada, 'laptop');
    const message = send(laptop, conversation);
    await sent(other, message);
    expect(await store.changePassword({ user: ada.user, from: 'hash', to: 'new', keep: `${ada.user}-phone` })).toBe(
      true,
    );
    expect(await other.findSession(`${ada.user}-laptop`, 1)).toBeNull();
    expect(await other.findSession(`${ada.user}-phone`, 1)).not.toBeNull();
    expect(await other.findSession(`${bob.user}-phone`, 1)).not.toBeNull();
    expect(await other.accept([send(laptop, conversation)])).toEqual([{ kind: 'superseded' }]);
    expect(await other.change(createGroup(laptop))).toEqual({ kind: 'superseded' });
    // What was done is done, and may be asked again.
    expect(await other.accept([message])).toMatchObject([{ kind: 'accepted', repeat: true }]);
    await sent(other, send(ada, conversation));
  });

  it('signs in with the password that holds at that moment, or not at all', async () => {
    const { store, other } = bench;
    const ada = await person(store, 'ada');
    const session = { user: ada.user, deviceLabel: 'tablet', at: 0, expiresAt: 1e12, checked: 'hash' };
    const attempts = oneTo(20).map((n) => other.createSession({ ...session, tokenDigest: `t${n}` }));
    const changed = store.changePassword({ user: ada.user, from: 'hash', to: 'new', keep: '' });
    await Promise.all([...attempts, changed]);
    const alive = await Promise.all(oneTo(20).map((n) => store.findSession(`t${n}`, 1)));
    expect(alive).toEqual(Array(20).fill(null));
    expect(await store.createSession({ ...session, tokenDigest: 'late' })).toBeNull();
    expect(await store.createSession({ ...session, tokenDigest: 'right', checked: 'new' })).not.toBeNull();
  });

  it('nothing more is written for a connection whose token was signed out', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, ada, bob);
    expect(await store.deleteSession(`${ada.user}-phone`)).toBe(ada.user);
    expect(await other.accept([send(ada, conversation)])).toEqual([{ kind: 'superseded' }]);
  });

  it('lists the devices that are signed in, the latest first, and ends them one by one or all', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const session = { user: ada.user, deviceLabel: 'laptop', at: 7, expiresAt: 50 };
    const laptop = await store.createSession({ ...session, tokenDigest: 'a' });
    await store.createSession({ ...session, tokenDigest: 'b', at: 9, expiresAt: 40 });
    await store.createSession({ ...session, deviceLabel: 'old', tokenDigest: 'c', expiresAt: 20 });
    const phone = { device: ada.device, label: 'phone', sessions: 1, signedInAt: 0, expiresAt: 1e12 };
    const both = [{ device: laptop, label: 'laptop', sessions: 2, signedInAt: 9, expiresAt: 50 }, phone];
    expect(await other.devicesOf(ada.user, 20)).toEqual(both);
    expect(await store.endDevice(bob.user, laptop!)).toBe(false);
    expect(await store.endDevice(ada.user, deviceId(999))).toBe(false);
    expect(await other.devicesOf(ada.user, 20)).toEqual(both);
    expect(await store.endDevice(ada.user, laptop!)).toBe(true);
    expect(await store.endDevice(ada.user, laptop!)).toBe(true);
    expect(await other.devicesOf(ada.user, 20)).toEqual([phone]);
    await store.endSessions(ada.user);
    expect(await other.devicesOf(ada.user, 20)).toEqual([]);
    expect(await other.findSession(`${bob.user}-phone`, 1)).not.toBeNull();
  });

  it('a deleted user cannot sign in, be found, invited or written for; the name stays taken', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const crew = await group(store, ada);
    expect(await store.deleteUser({ id: bob.user, passwordHash: 'wrong', at: 5 })).toBe(false);
    const tries = [store, other].map((one) => one.deleteUser({ id: bob.user, passwordHash: 'hash', at: 5 }));
    expect((await Promise.all(tries)).toSorted()).toEqual([false, true]);
    expect(await other.findUser('bob')).toBeNull();
    expect(await other.createUser({ name: bob.name, passwordHash: 'h', at: 9 })).toBeNull();
    expect(await other.findSession(`${bob.user}-phone`, 1)).toBeNull();
    const session = { user: bob.user, deviceLabel: 'phone', tokenDigest: 'x', at: 0, expiresAt: 9 };
    expect(await other.createSession(session)).toBeNull();
    expect(await other.changePassword({ user: bob.user, from: '', to: 'new', keep: '' })).toBe(false);
    expect(await other.change(invite(ada, crew, 'bob'))).toEqual({ kind: 'refused', code: 'unknownUser' });
    expect(await other.change(openDirect(ada, 'bob'))).toEqual({ kind: 'refused', code: 'unknownUser' });
    expect(await other.change(createGroup(bob))).toEqual({ kind: 'superseded' });
    expect(await other.devicesOf(bob.user, 1)).toEqual([]);
  });

  it('leaves every group by an entry, passes an admin’s right on, and ends direct conversations for both', async () => {
    const { store, other } = bench;
    const [ada, bob, eve] = await people(store, 'ada', 'bob', 'eve');
    const own = await group(store, ada, eve, bob);
    const foreign = await group(store, bob, ada);
    const pair = await direct(store, ada, bob);
    const self = await direct(store, ada, ada);
    await sent(store, send(ada, pair));
    const written = await remove(store, ada, 9000);
    expect(written.map(({ entry, affected }) => ({ ...entry, device: 0, affected }))).toEqual(
      [
        { conversation: own, seq: 4, change: 'left', users: ['ada'], admin: 'eve', affected: [ada.user] },
        { conversation: foreign, seq: 3, change: 'left', users: ['ada'], admin: 'bob', affected: [ada.user] },
        {
          conversation: pair,
          seq: 3,
          change: 'ended',
          users: ['ada', 'bob'],
          admin: null,
          affected: [ada.user, bob.user],
        },
        { conversation: self, seq: 2, change: 'ended', users: ['ada'], admin: null, affected: [ada.user] },
      ].map((rest) => ({
        type: 'membership',
        ...rest,
        sender: 'ada',
        device: 0,
        clientId: rest.conversation,
        at: 9000,
      })),
    );
    expect(await readAll(other, own, eve)).toContainEqual(written[0]!.entry);
    expect((await readAll(other, pair, bob)).at(-1)).toEqual(written[2]!.entry);
    expect(await other.conversation(own)).toMatchObject({ admin: 'eve', members: [{ name: 'eve' }, { name: 'bob' }] });
    expect(await other.conversation(pair)).toMatchObject({ kind: 'direct', members: [] });
    expect(await other.membershipsOf(bob.user, bob.device)).toContainEqual({
      conversation: pair,
      joinedSeq: 1,
      leftSeq: 3,
      cursor: 0,
      lastSeq: 3,
    });
    expect(await other.accept([send(bob, pair)])).toEqual([{ kind: 'refused', code: 'notMember' }]);
    await sent(other, send(bob, own));
  });

  it('what a deleted user wrote stays with its readers, under the name', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const crew = await group(store, bob, ada);
    await sent(store, send(ada, crew, { payload: 'BBBB' }));
    await remove(store, ada, 9000);
    expect((await readAll(other, crew, bob))[2]).toMatchObject({ sender: 'ada', payload: 'BBBB' });
  });

  it('repeats of what was done with or by a deleted user get their first answer', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const crew = await group(store, ada);
    const invitation = invite(ada, crew, 'bob');
    const opening = openDirect(ada, 'bob');
    await done(store, invitation);
    const opened = await done(store, opening);
    await remove(store, bob, 9000);
    expect(await other.change(invitation)).toMatchObject({
      kind: 'accepted',
      conversation: crew,
      seq: 2,
      repeat: true,
    });
    expect(await other.change(opening)).toMatchObject({ conversation: opened.conversation, seq: 1, repeat: true });
  });

  it('departs a few conversations at a time; several servers share the work and nothing is written twice', async () => {
    const { store, other } = bench;
    const [ada, bob, eve] = await people(store, 'ada', 'bob', 'eve');
    const rooms: number[] = [];
    for (const _ of oneTo(12)) rooms.push(await group(store, ada, bob, eve));
    for (const one of [ada, bob]) await store.deleteUser({ id: one.user, passwordHash: 'hash', at: 5 });
    const shares = await Promise.all([departAll(store, 5), departAll(other, 5)]);
    const entries = shares.flat().map(({ entry }) => `${entry.conversation}/${entry.users.join()}`);
    expect(entries.toSorted()).toEqual(rooms.flatMap((id) => [`${id}/ada`, `${id}/bob`]).toSorted());
    for (const id of rooms) {
      expect(await other.conversation(id as never)).toMatchObject({
        admin: 'eve',
        lastSeq: 5,
        members: [{ name: 'eve' }],
      });
      expect(seqsOf(await readAll(other, id as never, eve))).toEqual([3, 4, 5]);
    }
    expect(await store.depart(5, 9)).toEqual({ written: [], more: false });
  });

  it('cursors of a deleted user are gone and do not come back', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, ada, bob);
    await store.moveCursors([{ device: ada.device, conversation, upTo: seq(1) }]);
    await remove(store, ada, 9000);
    await other.moveCursors([{ device: ada.device, conversation, upTo: seq(1) }]);
    expect(await other.membershipsOf(ada.user, ada.device)).toMatchObject([{ conversation, cursor: 0 }]);
  });

  it('whoever is invited, opened or written to while being deleted is out of everything in the end', async () => {
    const { store, other } = bench;
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 3, maxLength: 10 }), async (calls) => {
        round++;
        const [ada, bob] = await people(store, `ada${round}`, `bob${round}`);
        const crew = await group(store, ada);
        const race = calls.map((kind): Promise<unknown> => {
          if (kind === 0) return other.change(invite(ada, crew, bob.name));
          if (kind === 1) return other.change(openDirect(ada, bob.name));
          if (kind === 2) return other.change(createGroup(bob));
          if (kind === 3) return reconnect(other, bob).catch(() => null);
          return store.deleteUser({ id: bob.user, passwordHash: 'hash', at: 5 });
        });
        await Promise.all([...race, departAll(other, 2)]);
        await store.deleteUser({ id: bob.user, passwordHash: 'hash', at: 5 });
        await departAll(store, 2);
        const stays = await other.membershipsOf(bob.user, bob.device);
        expect(stays.filter(({ leftSeq }) => leftSeq === null)).toEqual([]);
        expect((await other.conversation(crew))!.members.map(({ name }) => name)).toEqual([ada.name]);
      }),
      { numRuns: 15 },
    );
  });
}

// ---

async function departAll(store: Store, limit: number): Promise<Departures['written']> {
  const written: Departures['written'][number][] = [];
  for (let more = true; more; ) {
    const round = await store.depart(limit, 9000);
    written.push(...round.written);
    more = round.more;
  }
  return written;
}

async function remove(store: Store, { user }: Connected, at: number): Promise<Departures['written']> {
  expect(await store.deleteUser({ id: user, passwordHash: 'hash', at })).toBe(true);
  return departAll(store, 100);
}
