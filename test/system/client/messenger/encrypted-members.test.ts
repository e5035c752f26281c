/** Who reads what: members who come, go, are away, or have no keys yet. */
import { describe, expect, it } from 'vitest';
import { createNodeCipherSuite } from '../../../../src/system/adapters/node-cipher-suite.ts';
import { encryptions } from '../../../../src/system/client/encryption/index.ts';
import type { MembershipEntry } from '../../../../src/system/protocol/frames.ts';
import type { ConversationId } from '../../../../src/system/protocol/ids.ts';
import { createSeededRandom } from '../../../../src/system/seeded-random.ts';
import {
  createMessengerRig,
  type Device,
  type MessengerRig,
  placeOf,
  say,
  textsOf,
} from '../../../helpers/messenger-rig.ts';

let rig: MessengerRig;
let ada: Device;
let bob: Device;

async function begin(encryption: 'mls' | 'modelled' = 'modelled'): Promise<void> {
  rig = await createMessengerRig({ encryption });
  [ada, bob] = [await rig.online('ada'), await rig.online('bob')];
}

async function group(...users: readonly string[]): Promise<ConversationId> {
  return (await placeOf(rig, ada.messenger.createGroup('tea', users))).conversation;
}

function keyNames(device: Device, prefix: string): string[] {
  return [...device.disk.keys.keys()].filter((name) => name.startsWith(prefix));
}

async function packagesOf(device: Device): Promise<number> {
  const token = device.disk.account!.token!;
  const request = { method: 'GET', path: '/v1/key-packages', token, body: '', remote: '10.0.0.1' } as const;
  return (JSON.parse((await rig.chat.servers[0]!.http(request)).body) as { left: number }).left;
}

async function reasonOf(device: Device, room: ConversationId, seq: number): Promise<unknown> {
  return (await device.messenger.history({ conversation: room, limit: 500 })).find((item) => item.seq === seq)?.content;
}

describe('who was never online', () => {
  async function signedUp(name: string): Promise<Device> {
    const device = rig.device();
    const messenger = await device.boot();
    const done = await rig.within(messenger.signUp({ name, password: 'correct horse' }));
    expect(done.kind).toBe('ok');
    return device;
  }

  it.each(['crashed', 'closed'] as const)('reads all that was written since the sign-up (and %s)', async (how) => {
    await begin('mls');
    const cyd = await signedUp('cyd');
    if (how === 'crashed') cyd.crash();
    else await rig.within(cyd.messenger.close());
    const { conversation: direct } = await placeOf(rig, ada.messenger.openDirect('cyd'));
    const tea = await group('cyd', 'bob');
    for (const room of [direct, tea]) await say(rig, ada, { room, text: `hello in ${room}` });
    await cyd.boot();
    cyd.messenger.start();
    await rig.settle(5000);
    for (const room of [direct, tea]) expect(await textsOf(cyd, room)).toEqual([`hello in ${room}`]);
    expect(await packagesOf(cyd)).toBeGreaterThan(8);
  });

  it('has signed up also when the key packages did not get through; they come with the first connection', async () => {
    await begin();
    const cyd = rig.device();
    await cyd.boot();
    cyd.asks = ({ path }) => {
      if (path.includes('key-packages')) throw new Error('lost');
    };
    const signed = await rig.within(cyd.messenger.signUp({ name: 'cyd', password: 'correct horse' }));
    expect(signed.kind).toBe('ok');
    cyd.asks = () => {};
    cyd.messenger.start();
    await rig.settle(5000);
    const room = await group('cyd');
    await say(rig, ada, { room, text: 'hello' });
    expect(await textsOf(cyd, room)).toEqual(['hello']);
  });
});

it('a messenger closes at once though the servers do not answer what it asked of them', async () => {
  await begin();
  const asked = Promise.withResolvers<void>();
  ada.asks = () => {
    asked.resolve();
    return new Promise(() => {});
  };
  ada.messenger.openDirect('bob');
  await rig.within(asked.promise);
  const fromMs = rig.chat.clock.now();
  await rig.within(ada.messenger.close());
  expect(rig.chat.clock.now() - fromMs).toBeLessThan(100);
  await ada.boot();
  ada.asks = () => {};
  ada.messenger.start();
  await rig.settle();
  expect(ada.messenger.conversations().map(({ title }) => title)).toEqual(['bob']);
});

describe('who was removed', () => {
  it('reads nothing later, with all keys that the device ever had and all bytes of the servers', async () => {
    await begin('mls');
    const cyd = await rig.online('cyd');
    const room = await group('bob', 'cyd');
    await say(rig, ada, { room, text: 'with bob' });
    const { seq } = await placeOf(rig, ada.messenger.remove(room, ['bob']));
    await say(rig, ada, { room, text: 'without bob' });
    await say(rig, cyd, { room, text: 'nor here' });
    const tablet = await rig.online('cyd');
    await say(rig, tablet, { room, text: 'nor there' });
    expect(keyNames(bob, 'mls/group/')).toEqual([]);
    const mls = encryptions.mls({ suite: createNodeCipherSuite(), random: createSeededRandom(1) });
    const states = bob.written
      .flat()
      .flatMap((change) =>
        change.kind === 'key' && change.bytes && change.name.startsWith('mls/group/') ? [change.bytes] : [],
      );
    expect(states).toHaveLength(2);
    const later = [...rig.chat.store.entries()].filter((entry) => entry.conversation === room && entry.seq >= seq);
    const rule = { admin: 'ada', left: new Set<string>(), members: new Set(['ada', 'cyd']) };
    for (const bytes of states) {
      let state = mls.importGroup(bytes);
      for (const entry of later) {
        if (entry.type === 'message') {
          expect(await mls.decrypt(state, entry.payload)).toMatchObject({ kind: 'unreadable' });
          continue;
        }
        const applied = await mls.apply(state, entry.keys!.commit!, rule);
        if (applied.kind === 'applied') state = applied.group;
      }
    }
    expect(later.filter(({ type }) => type === 'message')).toHaveLength(3);
  });

  it.each(['leave', 'remove', 'delete'] as const)('%s: forgets the keys once it is stored', async (how) => {
    await begin();
    const room = await group('bob');
    const { conversation: direct } = await placeOf(rig, ada.messenger.openDirect('bob'));
    await rig.settle(3000);
    expect(keyNames(bob, 'mls/group/')).toEqual([`mls/group/${room}`, `mls/group/${direct}`]);
    if (how === 'leave') await placeOf(rig, bob.messenger.leave(room));
    if (how === 'remove') await placeOf(rig, ada.messenger.remove(room, ['bob']));
    if (how === 'delete') {
      const body = JSON.stringify({ password: 'correct horse' });
      const token = ada.disk.account!.token!;
      const path = '/v1/users/me';
      await rig.chat.servers[0]!.http({ method: 'DELETE', path, token, body, remote: '10.0.0.1' });
    }
    await rig.settle(20_000);
    expect(keyNames(bob, 'mls/group/')).toEqual([`mls/group/${how === 'delete' ? room : direct}`]);
    expect(bob.messenger.conversation(room)).toMatchObject({ isEncrypted: true });
  });

  it('and comes back reads from there on', async () => {
    await begin();
    const room = await group('bob');
    await placeOf(rig, bob.messenger.leave(room));
    await say(rig, ada, { room, text: 'alone' });
    await placeOf(rig, ada.messenger.invite(room, ['bob']));
    await say(rig, ada, { room, text: 'together' });
    await say(rig, bob, { room, text: 'again' });
    expect(await textsOf(bob, room)).toEqual(['together', 'again']);
    expect(await textsOf(ada, room)).toEqual(['alone', 'together', 'again']);
  });
});

describe('who was away', () => {
  it('while they were made a member and removed reads what was written in between', async () => {
    await begin();
    bob.messenger.stop();
    const room = await group('bob');
    await say(rig, ada, { room, text: 'in between' });
    await placeOf(rig, ada.messenger.remove(room, ['bob']));
    await say(rig, ada, { room, text: 'afterwards' });
    bob.messenger.start();
    await rig.settle(5000);
    expect(await textsOf(bob, room)).toEqual(['in between']);
    expect(keyNames(bob, 'mls/group/')).toEqual([]);
  });

  it('while the admin left, and has become admin by it, says what was written meanwhile', async () => {
    await begin();
    const room = await group('bob');
    bob.messenger.stop();
    await placeOf(rig, ada.messenger.leave(room));
    const asked = bob.messenger.send(room, 'is anybody there?');
    bob.messenger.start();
    await rig.settle(5000);
    expect(await asked.outcome).toMatchObject({ kind: 'sent', seq: 4 });
    expect(bob.messenger.conversation(room)).toMatchObject({ admin: 'bob', last: { seq: 4 } });
  });
});

describe('a member without keys', () => {
  it('whose devices were never online comes in by itself, and reads what is written from then on', async () => {
    await begin();
    await rig.chat.signIn('cyd', 'never online');
    const room = await group('cyd');
    await say(rig, ada, { room, text: 'before' });
    const cyd = await rig.online('cyd');
    await rig.settle(2000);
    await say(rig, ada, { room, text: 'after' });
    await say(rig, cyd, { room, text: 'here I am' });
    expect(await textsOf(ada, room)).toEqual(['before', 'after', 'here I am']);
    expect(await textsOf(cyd, room)).toEqual(['after', 'here I am']);
    expect(await reasonOf(cyd, room, 2)).toEqual({
      kind: 'unreadable',
      reason: 'Written before this device joined the conversation.',
    });
  });

  it('of a conversation that had no encryption gets it with the first message, as do all others', async () => {
    await begin();
    const cyd = await rig.chat.online('cyd');
    cyd.send({ type: 'createGroup', clientId: 1, title: 'old', users: ['ada', 'bob'] });
    await rig.settle();
    const room = 1 as ConversationId;
    cyd.send({ type: 'send', clientId: 2, conversation: room, epoch: 0, payload: 'AAAA' });
    await rig.settle();
    expect(await reasonOf(ada, room, 2)).toEqual({
      kind: 'unreadable',
      reason: 'Sent without encryption: anybody could have written it.',
    });
    expect(ada.messenger.conversation(room)?.isEncrypted).toBe(false);
    const both = [ada.messenger.send(room, 'from ada'), bob.messenger.send(room, 'from bob')];
    for (const asked of both) await placeOf(rig, asked);
    expect(ada.messenger.conversation(room)?.isEncrypted).toBe(true);
    for (const device of [ada, bob]) expect((await textsOf(device, room)).toSorted()).toEqual(['from ada', 'from bob']);
  });
});

describe('the first to write after somebody left', () => {
  it('renews the keys before, once, also when several want to at the same time', async () => {
    await begin();
    const cyd = await rig.online('cyd');
    const room = await group('bob', 'cyd');
    ada.messenger.stop();
    await placeOf(rig, cyd.messenger.leave(room));
    const tablet = await rig.online('bob');
    await rig.settle(2000);
    const all = [bob, tablet].flatMap((device) => ['x', 'y'].map((text) => device.messenger.send(room, text)));
    await rig.settle(20_000);
    for (const { outcome } of all) expect(await outcome).toMatchObject({ kind: 'sent' });
    const rekeys = [...rig.chat.store.entries()].filter(
      (entry): entry is MembershipEntry => entry.type === 'membership' && entry.change === 'rekeyed',
    );
    // The tablet came in, and one of the two shut out who had left.
    expect(rekeys).toHaveLength(2);
    expect(bob.messenger.waiting()).toEqual([]);
    ada.messenger.start();
    await rig.settle(5000);
    expect((await textsOf(ada, room)).toSorted()).toEqual(['x', 'x', 'y', 'y']);
  });

  it('does so also where who left had no keys', async () => {
    await begin();
    const cyd = await rig.chat.online('cyd');
    const room = await group('bob', 'cyd');
    ada.messenger.stop();
    cyd.send({ type: 'leave', clientId: 1, conversation: room });
    await rig.settle();
    await say(rig, bob, { room, text: 'gone' });
    expect(bob.messenger.conversation(room)).toMatchObject({ members: ['ada', 'bob'], last: { seq: 4 } });
  });

  it('need not do so where the admin is there: their device does it at once', async () => {
    await begin();
    const cyd = await rig.online('cyd');
    const room = await group('bob', 'cyd');
    await placeOf(rig, cyd.messenger.leave(room));
    await rig.settle(2000);
    const last = [...rig.chat.store.entries()].at(-1) as MembershipEntry;
    expect(last).toMatchObject({ sender: 'ada', change: 'rekeyed' });
    expect(ada.messenger.waiting()).toEqual([]);
    expect(ada.items.at(-1)).toMatchObject({ content: { kind: 'membership', change: 'rekeyed' }, isOwn: true });
  });

  it('moves no conversation up in a list, and is not shown as its newest line, now or after a restart', async () => {
    await begin();
    const cyd = await rig.online('cyd');
    const room = await group('bob', 'cyd');
    await placeOf(rig, cyd.messenger.leave(room));
    const other = await group('bob');
    // Many devices come in anew, and nobody says anything.
    for (let i = 0; i < 25; i++) await rig.online('bob');
    await rig.settle(5000);
    const changes = (await ada.messenger.history({ conversation: room })).map(({ content }) => content);
    expect(changes.slice(-20)).toEqual(Array(20).fill(expect.objectContaining({ change: 'rekeyed' })));
    const seen = () => ada.messenger.conversations().map(({ id, last }) => ({ id, last: last?.content }));
    const expected = [
      { id: other, last: expect.objectContaining({ change: 'created' }) },
      { id: room, last: expect.objectContaining({ change: 'left', users: ['cyd'] }) },
    ];
    expect(seen()).toEqual(expected);
    ada.crash();
    await ada.boot();
    expect(seen()).toEqual(expected);
  });
});
