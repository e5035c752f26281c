import { expect, it } from 'vitest';
import type { Connected, Store } from '../../src/system/database/store.ts';
import type { ConversationId } from '../../src/system/protocol/ids.ts';
import type { Bench } from './store-kit.ts';
import {
  conversationId,
  createGroup,
  direct,
  done,
  group,
  groupMembersMax,
  invite,
  leave,
  nextId,
  oneTo,
  openDirect,
  people,
  person,
  readAll,
  remove,
  send,
  sent,
} from './store-kit.ts';

export function membershipContract(bench: Bench): void {
  it('opens a direct conversation of two, without title and admin', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'Bob');
    const opened = await done(store, openDirect(ada, 'BOB'));
    const { conversation } = opened;
    expect(opened).toMatchObject({ seq: 1, at: 1000, repeat: false, affected: [ada.user, bob.user] });
    expect(opened.entry).toMatchObject({ change: 'created', users: ['ada', 'Bob'], admin: null, sender: 'ada' });
    expect(await readAll(other, conversation, bob)).toEqual([opened.entry]);
    const seen = await other.conversation(conversation);
    expect(seen).toMatchObject({ id: conversation, kind: 'direct', title: '', admin: null, lastSeq: 1 });
    expect(new Set(seen!.members.map(({ name }) => name))).toEqual(new Set(['ada', 'Bob']));
  });

  it('there is one direct conversation of two, whoever opens it again', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, ada, bob);
    const again = { kind: 'accepted', conversation, seq: 1, repeat: true, entry: null };
    expect(await other.change(openDirect(bob, 'ada'))).toMatchObject(again);
    expect(await other.change(openDirect(ada, 'bob'))).toMatchObject(again);
  });

  it('two who open it both ways at once get the same conversation', async () => {
    const { store, other } = bench;
    for (const n of oneTo(5)) {
      const [ada, bob] = await people(store, `ada${n}`, `bob${n}`);
      const opened = await Promise.all([
        done(store, openDirect(ada, bob.name)),
        done(other, openDirect(bob, ada.name)),
        done(other, openDirect(ada, bob.name)),
      ]);
      expect(new Set(opened.map(({ conversation }) => conversation)).size).toBe(1);
      expect(opened.filter(({ repeat }) => !repeat)).toHaveLength(1);
    }
  });

  it('one may have a direct conversation with oneself', async () => {
    const ada = await person(bench.store, 'ada');
    const opened = await done(bench.store, openDirect(ada, 'ada'));
    expect(opened.affected).toEqual([ada.user]);
    expect(await sent(bench.store, send(ada, opened.conversation))).toMatchObject({ seq: 2 });
  });

  it('who creates a group is its admin and only member', async () => {
    const { store, other } = bench;
    const ada = await person(store, 'ada');
    const created = await done(store, createGroup(ada, 'The crew'));
    expect(created).toMatchObject({ seq: 1, repeat: false, affected: [ada.user] });
    expect(created.entry).toMatchObject({ type: 'membership', change: 'created', users: ['ada'], admin: 'ada' });
    expect(await other.conversation(created.conversation)).toEqual({
      id: created.conversation,
      kind: 'group',
      title: 'The crew',
      admin: 'ada',
      members: [{ id: ada.user, name: 'ada' }],
      lastSeq: 1,
      epoch: 0,
      sealed: 0,
      bundle: null,
    });
  });

  it('inviting, removing and leaving take a place in the sequence and tell who is affected', async () => {
    const { store } = bench;
    const [ada, bob, cid] = await people(store, 'ada', 'bob', 'cid');
    const conversation = await group(store, ada);
    const steps = [
      await done(store, invite(ada, conversation, 'BOB')),
      await done(store, invite(ada, conversation, 'cid')),
      await done(store, remove(ada, conversation, 'bob')),
      await done(store, leave(cid, conversation)),
    ];
    expect(steps.map(({ seq }) => seq)).toEqual([2, 3, 4, 5]);
    expect(steps.map(({ affected }) => affected)).toEqual([[bob.user], [cid.user], [bob.user], [cid.user]]);
    expect(steps.map(({ entry }) => entry)).toMatchObject([
      { change: 'added', users: ['bob'], admin: 'ada', sender: 'ada', seq: 2 },
      { change: 'added', users: ['cid'], admin: 'ada', sender: 'ada', seq: 3 },
      { change: 'removed', users: ['bob'], admin: 'ada', sender: 'ada', seq: 4 },
      { change: 'left', users: ['cid'], admin: 'ada', sender: 'cid', seq: 5 },
    ]);
    expect((await readAll(store, conversation, ada)).slice(1)).toEqual(steps.map(({ entry }) => entry));
  });

  it('makes a group of many in one operation, and one entry names them all', async () => {
    const { store, other } = bench;
    const [ada, bob, cid] = await people(store, 'ada', 'bob', 'cid');
    const created = await done(store, createGroup(ada, 'crew', ['CID', 'bob']));
    expect(created).toMatchObject({ seq: 1, affected: [ada.user, cid.user, bob.user] });
    expect(created.entry).toMatchObject({ change: 'created', users: ['ada', 'cid', 'bob'], admin: 'ada' });
    for (const member of [ada, bob, cid]) {
      expect(await readAll(other, created.conversation, member)).toEqual([created.entry]);
    }
    await sent(other, send(cid, created.conversation));
  });

  it('invites and removes several in one entry, all or nobody', async () => {
    const { store } = bench;
    const [ada, bob, cid, dan] = await people(store, 'ada', 'bob', 'cid', 'dan', 'eve');
    const conversation = await group(store, ada);
    const added = await done(store, invite(ada, conversation, 'dan', 'bob', 'cid'));
    expect(added).toMatchObject({ seq: 2, affected: [dan.user, bob.user, cid.user] });
    const removed = await done(store, remove(ada, conversation, 'bob', 'dan'));
    expect([added.entry, removed.entry]).toMatchObject([
      { change: 'added', users: ['dan', 'bob', 'cid'] },
      { change: 'removed', users: ['bob', 'dan'] },
    ]);
    const refusals = [
      [invite(ada, conversation, 'bob', 'nobody'), 'unknownUser'],
      [invite(ada, conversation, 'bob', 'cid'), 'alreadyMember'],
      [invite(ada, conversation, 'bob', 'BOB'), 'alreadyMember'],
      [remove(ada, conversation, 'cid', 'bob'), 'notMember'],
      [remove(ada, conversation, 'cid', 'CID'), 'notMember'],
      [createGroup(ada, 'crew', ['bob', 'nobody']), 'unknownUser'],
      [createGroup(ada, 'crew', ['bob', 'ada']), 'alreadyMember'],
      [createGroup(ada, 'crew', ['bob', 'Bob']), 'alreadyMember'],
    ] as const;
    for (const [change, code] of refusals) expect(await store.change(change)).toEqual({ kind: 'refused', code });
    expect(await store.conversation(conversation)).toMatchObject({
      lastSeq: 3,
      members: [{ name: 'ada' }, { name: 'cid' }],
    });
    expect(await store.membershipsOf(ada.user, ada.device)).toHaveLength(1);
  });

  it('a group of as many as it may have is made at once, and not of one more', async () => {
    const { store } = bench;
    const [ada, ...others] = await people(store, 'ada', 'b', 'c', 'd', 'e', 'f');
    const names = others.map(({ name }) => name);
    const full = { kind: 'refused', code: 'groupFull' };
    expect(await store.change(createGroup(ada, 'crew', names))).toEqual(full);
    const { conversation } = await done(store, createGroup(ada, 'crew', names.slice(0, groupMembersMax - 2)));
    expect(await store.change(invite(ada, conversation, ...names.slice(groupMembersMax - 2)))).toEqual(full);
    await done(store, invite(ada, conversation, names[groupMembersMax - 2]!));
  });

  it('of those who came together the one who signed up first is the longest-standing', async () => {
    const { store } = bench;
    const [ada] = await people(store, 'ada', 'bob', 'cid', 'dan');
    const conversation = await group(store, ada);
    await done(store, invite(ada, conversation, 'dan', 'cid', 'bob'));
    const removed = await done(store, remove(ada, conversation, 'ada', 'bob'));
    expect(removed.entry).toMatchObject({ users: ['ada', 'bob'], admin: 'cid' });
  });

  it('when the admin leaves, the longest-standing member becomes admin', async () => {
    const { store } = bench;
    const [ada, bob, cid, dan] = await people(store, 'ada', 'bob', 'cid', 'dan');
    // Bob is the older user but came back after Cid.
    const conversation = await group(store, ada, bob, cid, dan);
    await done(store, leave(bob, conversation));
    await done(store, invite(ada, conversation, 'bob'));
    const left = await done(store, leave(ada, conversation));
    expect(left.entry).toMatchObject({ change: 'left', users: ['ada'], admin: 'cid' });
    expect(await store.conversation(conversation)).toMatchObject({ admin: 'cid' });
    expect(await store.change(invite(bob, conversation, 'ada'))).toEqual({ kind: 'refused', code: 'notAdmin' });
    await done(store, invite(cid, conversation, 'ada'));
  });

  it('an admin who removes themselves is followed in the same way', async () => {
    const { store } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await group(store, ada, bob);
    const removed = await done(store, remove(ada, conversation, 'ada'));
    expect(removed.entry).toMatchObject({ change: 'removed', users: ['ada'], admin: 'bob' });
  });

  it('a group that everybody has left has no admin, and nobody writes to it', async () => {
    const { store } = bench;
    const ada = await person(store, 'ada');
    const conversation = await group(store, ada);
    expect((await done(store, leave(ada, conversation))).entry).toMatchObject({ admin: null });
    expect(await store.conversation(conversation)).toMatchObject({ admin: null, members: [], lastSeq: 2 });
    expect(await store.accept([send(ada, conversation)])).toEqual([{ kind: 'refused', code: 'notMember' }]);
  });

  interface Scene {
    readonly ada: Connected;
    readonly bob: Connected;
    readonly eve: Connected;
    /** Of ada, who is admin, and bob. */
    readonly crew: ConversationId;
    readonly pair: ConversationId;
  }

  it.each([
    ['a direct conversation with nobody', 'unknownUser', ({ ada }: Scene) => openDirect(ada, 'nobody')],
    ['inviting nobody', 'unknownUser', ({ ada, crew }: Scene) => invite(ada, crew, 'nobody')],
    ['removing nobody', 'unknownUser', ({ ada, crew }: Scene) => remove(ada, crew, 'nobody')],
    ['removing who is not there', 'notMember', ({ ada, crew }: Scene) => remove(ada, crew, 'eve')],
    ['inviting who is there', 'alreadyMember', ({ ada, crew }: Scene) => invite(ada, crew, 'BOB')],
    ['inviting as a plain member', 'notAdmin', ({ bob, crew }: Scene) => invite(bob, crew, 'eve')],
    ['removing as a plain member', 'notAdmin', ({ bob, crew }: Scene) => remove(bob, crew, 'ada')],
    ['inviting as a stranger', 'notMember', ({ eve, crew }: Scene) => invite(eve, crew, 'eve')],
    ['leaving as a stranger', 'notMember', ({ eve, crew }: Scene) => leave(eve, crew)],
    ['inviting to a direct conversation', 'notGroup', ({ ada, pair }: Scene) => invite(ada, pair, 'eve')],
    ['removing from a direct conversation', 'notGroup', ({ ada, pair }: Scene) => remove(ada, pair, 'bob')],
    ['leaving a direct conversation', 'notGroup', ({ ada, pair }: Scene) => leave(ada, pair)],
    ['a direct conversation of others', 'notMember', ({ eve, pair }: Scene) => leave(eve, pair)],
    ['a conversation that does not exist', 'notMember', ({ ada }: Scene) => leave(ada, conversationId(999_999))],
  ])('refuses %s with %s and writes nothing', async (_, code, operation) => {
    const { store } = bench;
    const [ada, bob, eve] = await people(store, 'ada', 'bob', 'eve');
    const scene = { ada, bob, eve, crew: await group(store, ada, bob), pair: await direct(store, ada, bob) };
    const before = await store.heads([scene.crew, scene.pair]);
    const asked = operation(scene);
    expect(await store.change(asked)).toEqual({ kind: 'refused', code });
    expect(await store.heads([scene.crew, scene.pair])).toEqual(before);
    // What was refused did not happen: its client id is still free.
    await done(store, createGroup({ ...asked.by }, 'after'));
    expect(await store.change({ ...createGroup(asked.by), clientId: asked.clientId })).toMatchObject({ repeat: false });
  });

  it('refuses who would be one too many, also when two come at once', async () => {
    const { store, other } = bench;
    const [ada, ...others] = await people(store, 'ada', 'b', 'c', 'd', 'e', 'f');
    const conversation = await group(store, ada, ...others.slice(0, groupMembersMax - 2));
    const last = others.slice(groupMembersMax - 2).map(({ name }) => name);
    const outcomes = await Promise.all(
      last.map((name, index) => [store, other][index % 2]!.change(invite(ada, conversation, name))),
    );
    expect(outcomes.filter(({ kind }) => kind === 'accepted')).toHaveLength(1);
    expect(outcomes).toContainEqual({ kind: 'refused', code: 'groupFull' });
    await done(store, remove(ada, conversation, 'b'));
    await done(store, invite(ada, conversation, 'b'));
  });

  it('every change may be repeated, at another server and at the same time', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const creation = createGroup(ada);
    const { conversation } = await expectOnce(creation, [store, other]);
    await expectOnce(openDirect(ada, 'bob'), [store, other]);
    await expectOnce(invite(ada, conversation, 'bob'), [store, other]);
    await expectOnce(remove(ada, conversation, 'bob'), [store, other]);
    await done(store, invite(ada, conversation, 'bob'));
    await expectOnce(leave(bob, conversation), [store, other]);
    await people(store, 'cid');
    await expectOnce(invite(ada, conversation, 'cid', 'bob'), [store, other]);
    await expectOnce(remove(ada, conversation, 'bob', 'cid'), [store, other]);
    await expectOnce(createGroup(ada, 'crew', ['bob', 'cid']), [store, other]);
    expect(await store.heads([conversation])).toEqual(new Map([[conversation, 7]]));
  });

  it('refuses a client id that stood for another change', async () => {
    const { store } = bench;
    const [ada] = await people(store, 'ada', 'bob', 'cid');
    const conversation = await group(store, ada);
    const elsewhere = await group(store, ada);
    const asked = invite(ada, conversation, 'bob');
    await done(store, asked);
    const { clientId } = asked;
    const reused = { kind: 'refused', code: 'clientIdReused' };
    expect(await store.change({ ...invite(ada, conversation, 'cid'), clientId })).toEqual(reused);
    expect(await store.change({ ...invite(ada, elsewhere, 'bob'), clientId })).toEqual(reused);
    expect(await store.change({ ...invite(ada, conversation, 'bob', 'cid'), clientId })).toEqual(reused);
    expect(await store.change({ ...remove(ada, conversation, 'bob'), clientId })).toEqual(reused);
    expect(await store.change({ ...openDirect(ada, 'bob'), clientId })).toEqual(reused);
    expect(await store.change({ ...leave(ada, conversation), clientId })).toEqual(reused);
  });

  it('lists all conversations of a user, also past ones, with the cursor of the device', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const pair = await direct(store, ada, bob);
    const crew = await group(store, ada, bob);
    await sent(store, send(ada, crew));
    await done(store, leave(bob, crew));
    await sent(store, send(ada, crew));
    await store.moveCursors([{ device: bob.device, conversation: pair, upTo: 1 as never }]);
    expect(await other.membershipsOf(bob.user, bob.device)).toEqual([
      { conversation: pair, joinedSeq: 1, leftSeq: null, cursor: 1, lastSeq: 1 },
      { conversation: crew, joinedSeq: 2, leftSeq: 4, cursor: 0, lastSeq: 5 },
    ]);
    expect(await other.membershipsOf(ada.user, ada.device)).toMatchObject([{ cursor: 0 }, { joinedSeq: 1 }]);
  });

  it('who came back is listed from their first time on', async () => {
    const { store } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const crew = await group(store, ada, bob);
    await done(store, leave(bob, crew));
    await done(store, invite(ada, crew, 'bob'));
    expect(await store.membershipsOf(bob.user, bob.device)).toEqual([
      { conversation: crew, joinedSeq: 2, leftSeq: null, cursor: 0, lastSeq: 4 },
    ]);
  });
}

// ---

/** Asks the same of both stores at once and once more: it happens once, and all get the same answer. */
async function expectOnce(change: Parameters<Store['change']>[0], stores: readonly Store[]) {
  const answers = await Promise.all(stores.map((store) => done(store, change)));
  answers.push(await done(stores[0]!, { ...change, at: 9999 }));
  expect(answers.filter(({ repeat }) => !repeat)).toHaveLength(1);
  const first = answers.find(({ repeat }) => !repeat)!;
  const { conversation, seq, at, affected } = first;
  for (const answer of answers) expect(answer).toMatchObject({ conversation, seq, at, affected });
  expect(nextId()).toBeGreaterThan(change.clientId);
  return first;
}
