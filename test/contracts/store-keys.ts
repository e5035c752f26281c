import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Change, Connected, Outcome, Send, Store } from '../../src/system/database/store.ts';
import type { Entry } from '../../src/system/protocol/frames.ts';
import type { ConversationId } from '../../src/system/protocol/ids.ts';
import type { Bench } from './store-kit.ts';
import {
  createGroup,
  direct,
  done,
  group,
  invite,
  keys,
  leave,
  oneTo,
  openDirect,
  people,
  person,
  readAll,
  reconnect,
  rekey,
  remove,
  send,
  sent,
  seq,
  seqsOf,
} from './store-kit.ts';

/** The epoch of a conversation's keys decides what may be written. */
export function keysContract(bench: Bench): void {
  it('a conversation begins without keys, or with those that its creation brings', async () => {
    const { store, other } = bench;
    const [ada] = await people(store, 'ada', 'bob', 'cid');
    const plain = await done(store, createGroup(ada));
    expect(plain.entry).not.toHaveProperty('keys');
    const secret = [
      await done(store, { ...createGroup(ada, 'crew', ['bob']), keys: keys(0) }),
      await done(store, { ...openDirect(ada, 'cid'), keys: keys(0) }),
    ];
    for (const { conversation, entry } of secret) {
      expect(entry).toMatchObject({ change: 'created', keys: { epoch: 1, commit: null, bundle: null } });
      expect(await other.conversation(conversation)).toMatchObject({ epoch: 1, sealed: 0, bundle: null });
      expect(await readAll(other, conversation, ada)).toEqual([entry]);
    }
  });

  it('refuses to create a conversation with keys of another epoch than 0', async () => {
    const { store } = bench;
    const [ada] = await people(store, 'ada', 'bob');
    const stale = { kind: 'refused', code: 'staleEpoch' };
    expect(await store.change({ ...createGroup(ada), keys: keys(1) })).toEqual(stale);
    expect(await store.change({ ...openDirect(ada, 'bob'), keys: keys(0, { sealed: seq(1) }) })).toEqual(stale);
    expect(await store.membershipsOf(ada.user, ada.device)).toEqual([]);
  });

  it('keys that come with the opening of a known direct conversation count for nothing', async () => {
    const { store } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, ada, bob);
    expect(await store.change({ ...openDirect(bob, 'ada'), keys: keys(0) })).toMatchObject({ repeat: true, seq: 1 });
    expect(await store.conversation(conversation)).toMatchObject({ epoch: 0 });
  });

  it('accepts a message of the epoch in force only, and says up to where the sender has to catch up', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const [crew, pair] = [await secretGroup(store, ada, 'bob'), await direct(store, ada, bob)];
    const stale = { kind: 'refused', code: 'staleEpoch', upTo: 1 };
    const outcomes = await other.accept([
      send(ada, crew, { epoch: 0 }),
      send(bob, crew, { epoch: 1 }),
      send(ada, pair, { epoch: 1 }),
      send(ada, crew, { epoch: 2 }),
      send(ada, pair, { epoch: 0 }),
    ]);
    expect(outcomes).toMatchObject([stale, { seq: 2 }, stale, { code: 'staleEpoch' }, { seq: 2 }]);
    expect(await store.accept([send(ada, crew, { epoch: 0 })])).toEqual([{ ...stale, upTo: 2 }]);
    expect(seqsOf(await readAll(store, crew, bob))).toEqual([1, 2]);
  });

  it('a key change raises the epoch by one, for any member, in groups and direct conversations', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const crew = await secretGroup(store, ada, 'bob');
    const pair = await direct(store, ada, bob);
    const changed = await done(store, rekey(bob, crew, keys(1, { commit: 'Q29tbWl0' })));
    expect(changed).toMatchObject({ seq: 2, affected: [] });
    expect(changed.entry).toMatchObject({
      change: 'rekeyed',
      users: [],
      admin: 'ada',
      sender: 'bob',
      keys: { epoch: 2, commit: 'Q29tbWl0', bundle: null },
    });
    expect((await readAll(other, crew, ada)).at(-1)).toEqual(changed.entry);
    expect(await done(store, rekey(bob, pair, keys(0)))).toMatchObject({
      entry: { change: 'rekeyed', admin: null, keys: { epoch: 1 } },
    });
    await sent(store, send(ada, crew, { epoch: 2 }));
    await sent(store, send(ada, pair, { epoch: 1 }));
  });

  it('the first of two key changes in one epoch wins, and the other learns up to where to catch up', async () => {
    const { store, other } = bench;
    const [ada] = await people(store, 'ada', 'bob', 'cid');
    for (let round = 0; round < 5; round++) {
      const crew = await secretGroup(store, ada, 'bob');
      const laterKeys = keys(1);
      const outcomes = await Promise.all([
        store.change(rekey(ada, crew, laterKeys)),
        other.change({ ...invite(ada, crew, 'cid'), keys: laterKeys }),
      ]);
      expect(outcomes.filter(({ kind }) => kind === 'accepted')).toHaveLength(1);
      expect(outcomes).toContainEqual({ kind: 'refused', code: 'staleEpoch', upTo: 2 });
      expect(await store.conversation(crew)).toMatchObject({ epoch: 2, lastSeq: 2 });
    }
  });

  it('members of an encrypted group change only with new keys, which come in the same entry', async () => {
    const { store, other } = bench;
    const [ada, bob, cid] = await people(store, 'ada', 'bob', 'cid');
    const crew = await secretGroup(store, ada, 'bob');
    const needed = { kind: 'refused', code: 'keysNeeded' };
    expect(await store.change(invite(ada, crew, 'cid'))).toEqual(needed);
    expect(await store.change(remove(ada, crew, 'bob'))).toEqual(needed);
    const added = await done(store, { ...invite(ada, crew, 'cid'), keys: keys(1, { commit: 'AA' }) });
    const removed = await done(store, { ...remove(ada, crew, 'bob'), keys: keys(2, { commit: 'BB' }) });
    expect([added.entry, removed.entry]).toMatchObject([
      { change: 'added', users: ['cid'], seq: 2, keys: { epoch: 2, commit: 'AA' } },
      { change: 'removed', users: ['bob'], seq: 3, keys: { epoch: 3, commit: 'BB' } },
    ]);
    expect(await readAll(other, crew, cid)).toEqual([added.entry, removed.entry]);
    expect(await store.accept([send(bob, crew, { epoch: 3 })])).toEqual([{ kind: 'refused', code: 'notMember' }]);
    await sent(store, send(cid, crew, { epoch: 3 }));
  });

  it('who leaves an encrypted group seals it until somebody else changes the keys', async () => {
    const { store, other } = bench;
    const [ada, bob, cid] = await people(store, 'ada', 'bob', 'cid');
    const crew = await secretGroup(store, ada, 'bob', 'cid');
    expect((await done(store, leave(bob, crew))).entry).toMatchObject({ change: 'left', seq: 2 });
    expect(await other.conversation(crew)).toMatchObject({ epoch: 1, sealed: 2 });
    const stale = { kind: 'refused', code: 'staleEpoch', upTo: 2 };
    expect(await other.accept([send(cid, crew, { epoch: 1 })])).toEqual([stale]);
    expect(await other.change(rekey(bob, crew, keys(1, { sealed: seq(2) })))).toEqual({
      kind: 'refused',
      code: 'notMember',
    });
    await done(other, rekey(cid, crew, keys(1, { sealed: seq(2) })));
    expect(await other.conversation(crew)).toMatchObject({ epoch: 2, sealed: 0 });
    await sent(store, send(cid, crew, { epoch: 2 }));
  });

  it('keys that were made before somebody left do not break the seal', async () => {
    const { store } = bench;
    const [ada, bob, cid] = await people(store, 'ada', 'bob', 'cid', 'dan');
    const crew = await secretGroup(store, ada, 'bob', 'cid');
    await done(store, leave(bob, crew));
    const late = keys(1);
    const stale = { kind: 'refused', code: 'staleEpoch', upTo: 2 };
    expect(await store.change(rekey(cid, crew, late))).toEqual(stale);
    expect(await store.change({ ...invite(ada, crew, 'dan'), keys: late })).toEqual(stale);
    expect(await store.change({ ...remove(ada, crew, 'cid'), keys: late })).toEqual(stale);
    // One more leaves while the keys without the first one are being made.
    await done(store, leave(cid, crew));
    expect(await store.change(rekey(ada, crew, keys(1, { sealed: seq(2) })))).toEqual({ ...stale, upTo: 3 });
    await done(store, { ...invite(ada, crew, 'dan'), keys: keys(1, { sealed: seq(3) }) });
    expect(await store.conversation(crew)).toMatchObject({ epoch: 2, sealed: 0, lastSeq: 4 });
  });

  it('who deletes the account seals as well, and leaves no key packages', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const crew = await secretGroup(store, ada, 'bob');
    await store.keys.addPackages({ device: bob.device, packages: ['p'], lastResort: 'last', replace: false });
    expect(await store.deleteUser({ id: bob.user, passwordHash: 'hash', at: 5 })).toBe(true);
    expect(await store.keys.claimPackages({ user: bob.user, except: null, now: 5 })).toEqual([]);
    while ((await other.depart(10, 6)).more);
    expect(await store.conversation(crew)).toMatchObject({ epoch: 1, sealed: 2, lastSeq: 2 });
    expect(await store.accept([send(ada, crew, { epoch: 1 })])).toMatchObject([{ code: 'staleEpoch', upTo: 2 }]);
    await done(store, rekey(ada, crew, keys(1, { sealed: seq(2) })));
    expect(await store.keys.packagesLeft(bob.device)).toBe(0);
  });

  it('who leaves a group without keys seals nothing', async () => {
    const { store } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const crew = await group(store, ada, bob);
    await done(store, leave(bob, crew));
    await sent(store, send(ada, crew));
  });

  it('a key change is done once, by the newest connection, and its client id stands for it', async () => {
    const { store, other } = bench;
    const [ada] = await people(store, 'ada', 'bob');
    const crew = await secretGroup(store, ada, 'bob');
    const change = rekey(ada, crew, keys(1));
    const answers = await Promise.all([store, other, store].map((each) => done(each, change)));
    expect(answers.filter(({ repeat }) => !repeat)).toHaveLength(1);
    expect(answers).toMatchObject(answers.map(() => ({ seq: 2, conversation: crew })));
    expect(await store.conversation(crew)).toMatchObject({ epoch: 2 });
    const reused = { kind: 'refused', code: 'clientIdReused' };
    expect(await store.change({ ...leave(ada, crew), clientId: change.clientId })).toEqual(reused);
    expect(await store.accept([send(ada, crew, { clientId: change.clientId, epoch: 2 })])).toEqual([reused]);
    await reconnect(store, ada);
    expect(await store.change(rekey(ada, crew, keys(2)))).toEqual({ kind: 'superseded' });
  });

  it('answers a repeated message also when the keys have changed since', async () => {
    const { store, other } = bench;
    const [ada] = await people(store, 'ada', 'bob');
    const crew = await secretGroup(store, ada, 'bob');
    const message = send(ada, crew, { epoch: 1 });
    await sent(store, message);
    await done(store, rekey(ada, crew, keys(1)));
    expect(await other.accept([message, send(ada, crew, { epoch: 1 })])).toMatchObject([
      { seq: 2, repeat: true },
      { kind: 'refused', code: 'staleEpoch', upTo: 3 },
    ]);
  });

  it('key changes do not expire', async () => {
    const { store } = bench;
    const ada = await person(store, 'ada');
    const crew = await secretGroup(store, ada);
    const changed = await done(store, rekey(ada, crew, keys(1, { commit: 'AA' })));
    await sent(store, send(ada, crew, { epoch: 2 }));
    expect(await store.expire(5000, 100)).toBe(1);
    expect((await readAll(store, crew, ada)).at(-1)).toEqual(changed.entry);
  });

  it('whatever members do at once, epochs ascend by one and every message is of the epoch in force', async () => {
    const { store, other } = bench;
    const [ada, ...others] = await people(store, 'ada', 'bob', 'cid', 'dan');
    const crew = [ada, ...others];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(act, { minLength: 1, maxLength: 8 }), { maxLength: 10 }), async (rounds) => {
        const conversation = await secretGroup(store, ada, 'bob', 'cid');
        for (const round of rounds) {
          const state = (await store.conversation(conversation))!;
          const answers = await Promise.all(
            round.map(async (one, n) => {
              const asked = operationOf(one, { crew, conversation, state });
              const by = [store, other][n % 2]!;
              return { asked, outcome: 'kind' in asked ? await by.change(asked) : (await by.accept([asked]))[0]! };
            }),
          );
          await expectLawful(other, { ada, conversation, answers });
        }
      }),
      { numRuns: 25 },
    );
  });
}

// ---

async function secretGroup(store: Store, by: Connected, ...others: readonly string[]): Promise<ConversationId> {
  return (await done(store, { ...createGroup(by, 'crew', others), keys: keys(0) })).conversation;
}

interface Act {
  readonly do: 'send' | 'commit' | 'invite' | 'remove' | 'leave';
  readonly by: number;
  readonly whom: number;
  /** How far behind the conversation the actor is, or ahead. */
  readonly behind: number;
  readonly seesSeal: boolean;
  readonly bringsKeys: boolean;
}

const act: fc.Arbitrary<Act> = fc.record({
  do: fc.constantFrom('send', 'send', 'commit', 'invite', 'remove', 'leave'),
  by: fc.nat(3),
  whom: fc.integer({ min: 1, max: 3 }),
  behind: fc.constantFrom(0, 0, 0, 1, -1),
  seesSeal: fc.boolean(),
  bringsKeys: fc.constantFrom(true, true, false),
});

interface Scene {
  readonly crew: readonly Connected[];
  readonly conversation: ConversationId;
  readonly state: { readonly epoch: number; readonly sealed: number };
}

function operationOf(one: Act, { crew, conversation, state }: Scene): Send | Change {
  const epoch = Math.max(0, state.epoch - one.behind);
  const made = keys(epoch, { sealed: seq(one.seesSeal ? state.sealed : 0), commit: 'AA' });
  const [by, whom] = [crew[one.by]!, crew[one.whom]!.name];
  switch (one.do) {
    case 'send':
      return send(by, conversation, { epoch });
    case 'commit':
      return rekey(by, conversation, made);
    case 'leave':
      return leave(by, conversation);
    case 'invite':
      return { ...invite(by, conversation, whom), keys: one.bringsKeys ? made : null };
    case 'remove':
      return { ...remove(by, conversation, whom), keys: one.bringsKeys ? made : null };
  }
}

/** Reads the whole conversation as somebody who was there from the start, and replays it. */
async function expectLawful(
  store: Store,
  {
    ada,
    conversation,
    answers,
  }: {
    ada: Connected;
    conversation: ConversationId;
    answers: readonly { asked: Send | Change; outcome: Outcome }[];
  },
): Promise<void> {
  const entries = await readAll(store, conversation, ada);
  expect(seqsOf(entries)).toEqual(oneTo(entries.length));
  const now = replay(entries);
  const state = (await store.conversation(conversation))!;
  if (state.members.some(({ id }) => id === ada.user)) {
    expect(state).toMatchObject({ ...now, lastSeq: entries.length });
  }
  const written = new Set(entries.map(({ clientId }) => clientId));
  for (const { asked, outcome } of answers) {
    if (outcome.kind === 'refused') expect(written).not.toContain(asked.clientId);
  }
}

function replay(entries: readonly Entry[]): { epoch: number; sealed: number } {
  let [epoch, sealed] = [0, 0];
  for (const entry of entries) {
    if (entry.type === 'message') expect([entry.epoch, sealed]).toEqual([epoch, 0]);
    else if (entry.keys) [epoch, sealed] = [expectNext(entry.keys.epoch, epoch), 0];
    else {
      // Without keys nobody comes, and who goes seals.
      expect(entry.change).toBe('left');
      sealed = entry.seq;
    }
  }
  return { epoch, sealed };
}

function expectNext(epoch: number, before: number): number {
  expect(epoch).toBe(before + 1);
  return epoch;
}
