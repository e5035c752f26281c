import { describe, expect, it } from 'vitest';
import type { ConversationId } from '../../../src/system/protocol/ids.ts';
import { limits } from '../../../src/system/protocol/limits.ts';
import { createChatRig, type FrameClient, type RigOptions } from '../../helpers/chat-rig.ts';

const crew = 1 as ConversationId;
const longest = 'x'.repeat(limits.payloadCharsMax - 100);

/** Anna and bob in an encrypted group, at a server each. */
async function meet(options: RigOptions = {}) {
  const rig = await createChatRig({ servers: 2, ...options });
  const anna = await rig.online('anna', 0);
  const bob = await rig.online('bob', 1);
  anna.send({ type: 'createGroup', clientId: 1, title: 'crew', users: ['bob'], keys: { epoch: 0 } });
  await rig.clock.advance(50);
  return { rig, anna, bob };
}

function send(client: FrameClient, clientId: number, epoch: number): void {
  client.send({ type: 'send', clientId, conversation: crew, epoch, payload: 'x' });
}

function typesOf(client: FrameClient, from: number): string[] {
  return client.frames.slice(from).map((frame) => frame.type);
}

describe('an encrypted conversation', () => {
  it('a group of a hundred is made by one operation, which each of them hears of once', async () => {
    const rig = await createChatRig();
    const names = Array.from({ length: 99 }, (_, i) => `user${i}`);
    const clients: FrameClient[] = [];
    for (const name of names) clients.push(await rig.online(name));
    const anna = await rig.online('anna');
    anna.send({ type: 'createGroup', clientId: 1, title: 'crew', users: names, keys: { epoch: 0 } });
    await rig.clock.advance(50);
    expect(anna.answer(1)).toMatchObject({ type: 'accepted', seq: 1 });
    for (const client of clients) {
      expect(client.frames.slice(2)).toMatchObject([
        { type: 'conversation', epoch: 1, members: expect.arrayContaining(['anna', ...names]) },
        { type: 'membership', seq: 1, users: ['anna', ...names], keys: { epoch: 1 } },
      ]);
    }
    expect(rig.errors).toEqual([]);
  });

  it('new keys come in the sequence, to the members of every server, however long the commit is', async () => {
    const { rig, anna, bob } = await meet();
    anna.send({ type: 'commit', clientId: 2, conversation: crew, keys: { epoch: 1, commit: longest } });
    await rig.clock.advance(50);
    send(anna, 3, 2);
    await rig.clock.advance(50);
    expect(bob.entries().slice(1)).toMatchObject([
      { type: 'membership', seq: 2, change: 'rekeyed', users: [], keys: { epoch: 2, commit: longest, bundle: null } },
      { type: 'message', seq: 3, epoch: 2 },
    ]);
    expect(rig.errors).toEqual([]);
  });

  it('who comes later, or back, is told the keys of now; who went, nothing', async () => {
    const { rig, anna, bob } = await meet();
    const cleo = await rig.online('cleo', 1);
    bob.send({ type: 'leave', clientId: 1, conversation: crew });
    await rig.clock.advance(50);
    const anotherAnna = rig.connect(await rig.signIn('anna', 'laptop'), 0);
    const bobAgain = rig.connect(bob.account, 0);
    await rig.clock.advance(50);
    expect(anotherAnna.frames).toContainEqual(expect.objectContaining({ type: 'conversation', epoch: 1, sealed: 2 }));
    expect(bobAgain.frames).toContainEqual(expect.objectContaining({ type: 'conversation', epoch: 0, sealed: 0 }));
    const keys = { epoch: 1, sealed: 2, commit: 'x' };
    anna.send({ type: 'invite', clientId: 3, conversation: crew, users: ['cleo'], keys });
    await rig.clock.advance(50);
    expect(cleo.frames.slice(2)).toMatchObject([
      { type: 'conversation', epoch: 2, sealed: 0, bundle: null },
      { type: 'membership', seq: 3, change: 'added', keys: { epoch: 2, commit: 'x' } },
    ]);
  });

  it('of two key changes at once the first wins; the other is refused after it was sent the first', async () => {
    const { rig, anna, bob } = await meet({ settings: { backstopMs: 60_000 } });
    rig.loseHints(true);
    const before = [anna.frames.length, bob.frames.length];
    const commit = (epoch: number) => ({ epoch, commit: longest });
    anna.send({ type: 'commit', clientId: 2, conversation: crew, keys: commit(1) });
    bob.send({ type: 'commit', clientId: 2, conversation: crew, keys: commit(1) });
    await rig.clock.advance(50);
    expect(typesOf(anna, before[0]!)).toEqual(['accepted']);
    expect(typesOf(bob, before[1]!)).toEqual(['membership', 'refused']);
    expect(bob.answer(2)).toMatchObject({ code: 'staleEpoch' });
    bob.send({ type: 'commit', clientId: 3, conversation: crew, keys: commit(2) });
    await rig.clock.advance(50);
    expect(bob.answer(3)).toMatchObject({ type: 'accepted', seq: 3 });
  });

  it('a message under old keys is refused after the new ones were sent, also one that is repeated after a return', async () => {
    const { rig, anna, bob } = await meet();
    bob.pair.close();
    anna.send({ type: 'commit', clientId: 2, conversation: crew, keys: { epoch: 1, commit: 'x' } });
    for (const clientId of [3, 4, 5]) send(anna, clientId, 2);
    await rig.clock.advance(50);
    const again = rig.connect(bob.account, 1);
    send(again, 1, 1);
    await rig.clock.advance(50);
    const places = again.frames.map((frame) => ('seq' in frame ? frame.seq : frame.type));
    expect(places.indexOf('refused')).toBeGreaterThan(places.indexOf(5 as never));
    expect(again.answer(1)).toMatchObject({ code: 'staleEpoch' });
    expect(rig.servers[1]!.stats().inFlight).toBe(0);
  });

  it('also for who was made a member elsewhere, of which their server has not heard', async () => {
    const { rig, anna } = await meet({ settings: { backstopMs: 60_000 } });
    const cleo = await rig.online('cleo', 1);
    rig.loseHints(true);
    anna.send({ type: 'invite', clientId: 2, conversation: crew, users: ['cleo'], keys: { epoch: 1 } });
    await rig.clock.advance(20);
    send(cleo, 1, 0);
    await rig.clock.advance(20);
    expect(typesOf(cleo, 2)).toEqual(['conversation', 'membership', 'refused']);
  });

  it('a server that drains does not wait for those who are behind with the keys', async () => {
    let stuck = false;
    const never = new Promise<never>(() => {});
    const { rig, anna, bob } = await meet({
      wrap: (store) => ({ ...store, read: (range) => (stuck ? never : store.read(range)) }),
      settings: { backstopMs: 60_000 },
    });
    rig.loseHints(true);
    stuck = true;
    anna.send({ type: 'commit', clientId: 2, conversation: crew, keys: { epoch: 1 } });
    await rig.clock.advance(20);
    send(bob, 2, 1);
    await rig.clock.advance(100);
    expect([bob.answer(2), rig.servers[1]!.stats().inFlight]).toEqual([undefined, 1]);
    const drained = rig.servers[1]!.drain();
    await rig.clock.advance(0);
    expect([bob.answer(2), rig.servers[1]!.stats().inFlight]).toMatchObject([{ code: 'staleEpoch' }, 0]);
    await rig.clock.advance(100);
    await drained;
  });

  it('members do not change without new keys, and nothing is sealed by who leaves a plain group', async () => {
    const { rig, anna } = await meet();
    await rig.online('cleo');
    anna.send({ type: 'invite', clientId: 2, conversation: crew, users: ['cleo'] });
    anna.send({ type: 'remove', clientId: 3, conversation: crew, users: ['bob'] });
    await rig.clock.advance(50);
    expect([anna.answer(2), anna.answer(3)]).toMatchObject([{ code: 'keysNeeded' }, { code: 'keysNeeded' }]);
  });

  it.each([
    ['nobody', { users: [] }, 'malformed'],
    ['somebody twice', { users: ['cleo', 'Cleo'] }, 'malformed'],
    ['too many', { users: Array.from({ length: 257 }, (_, i) => `u${i}`) }, 'malformed'],
    ['a commit over the limit', { users: ['cleo'], keys: { epoch: 1, commit: `${longest}${longest}` } }, null],
    [
      'a commit that leaves no room for the names',
      { users: ['cleo'], keys: { epoch: 1, commit: longest + 'x'.repeat(97) } },
      'malformed',
    ],
    ['a commit that is not base64url', { users: ['cleo'], keys: { epoch: 1, commit: '?' } }, 'malformed'],
    ['keys without an epoch', { users: ['cleo'], keys: { commit: 'x' } }, 'malformed'],
  ])('refuses to invite with %s', async (_, more, code) => {
    const { rig, anna } = await meet();
    anna.raw(JSON.stringify({ type: 'invite', clientId: 2, conversation: crew, ...more }));
    await rig.clock.advance(10);
    if (code === null) expect(anna.closed).toBe(1009);
    else expect(anna.answer(2)).toMatchObject({ type: 'refused', code });
  });

  it('a commit of as many characters as a payload may have fits into every frame', async () => {
    const { rig, anna, bob } = await meet();
    const commit = 'x'.repeat(limits.payloadCharsMax);
    anna.send({ type: 'commit', clientId: 2, conversation: crew, keys: { epoch: 1, commit } });
    const users = Array.from({ length: 200 }, (_, i) => `u${i}`.padEnd(limits.nameCharsMax, 'u'));
    for (const name of users) await rig.signIn(name);
    const rest = 'x'.repeat(limits.payloadCharsMax - 200 * limits.nameCharsMax);
    anna.send({ type: 'invite', clientId: 3, conversation: crew, users, keys: { epoch: 2, commit: rest } });
    await rig.clock.advance(50);
    expect([anna.answer(2), anna.answer(3)]).toMatchObject([{ type: 'accepted' }, { type: 'accepted' }]);
    for (const entry of bob.entries()) expect(JSON.stringify(entry).length).toBeLessThan(limits.frameBytesMax);
  });
});
