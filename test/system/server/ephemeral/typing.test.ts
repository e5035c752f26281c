import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/system/protocol/limits.ts';
import { createChatRig, type FrameClient, type RigOptions } from '../../../helpers/chat-rig.ts';

const asks = { typing: true };

describe('typing', () => {
  it.each([
    ['on one server', 0],
    ['on two servers', 1],
  ])('is told at once to the others who ask, not to oneself and not to who did not ask, %s', async (_, server) => {
    const { rig, anna, bob, cleo } = await trio({ server });
    const laptop = rig.connect(await rig.signIn('bob', 'laptop'), 0, undefined, asks);
    await rig.clock.advance(1000);
    bob.send({ type: 'typing', conversation: 1 });
    await rig.clock.advance(5);
    expect(typing(anna)).toEqual([{ type: 'typing', conversation: 1, user: 'bob' }]);
    expect([...typing(bob), ...typing(laptop), ...typing(cleo)]).toEqual([]);
    expect(rig.errors).toEqual([]);
  });

  it('said too often is swallowed, and said in too many conversations too', async () => {
    const { rig, anna, bob } = await trio();
    const before = typing(anna).length;
    for (let i = 0; i < 100; i++) {
      bob.send({ type: 'typing', conversation: 1 });
      await rig.clock.advance(limits.typingRepeatMs / 100);
    }
    expect(typing(anna)).toHaveLength(before + 1);
    bob.send({ type: 'typing', conversation: 1 });
    await rig.clock.advance(300);
    expect(typing(anna)).toHaveLength(before + 2);
    expect(rig.servers[0]!.stats()).toMatchObject({ ephemeralReceivedTotal: 101, ephemeralCoalescedTotal: 99 });
  });

  it('of a stranger, of nobody’s conversation and in a group that is too large is given up', async () => {
    const { rig, anna, bob } = await trio({ settings: { ephemeralMembersMax: 2 } });
    const eve = await rig.online('eve', 0, asks);
    for (const client of [eve, bob]) client.send({ type: 'typing', conversation: 1 });
    bob.send({ type: 'typing', conversation: 999 });
    await rig.clock.advance(1000);
    expect(typing(anna)).toEqual([]);
    expect(rig.servers[0]!.stats().ephemeralDroppedTotal).toBe(3);
  });

  it('is not told to who was removed, also by a server that has not heard of it yet', async () => {
    const held: (() => void)[] = [];
    let holding = false;
    const { rig, anna, bob, cleo } = await trio({
      server: 1,
      deliver: (run, _, news) => void (holding && news === 'hints' ? held.push(run) : queueMicrotask(run)),
    });
    holding = true;
    anna.send({ type: 'remove', clientId: 9, conversation: 1, users: ['bob'] });
    await rig.clock.advance(20);
    cleo.send({ type: 'typing', conversation: 1 });
    await rig.clock.advance(500);
    expect(typing(anna)).toHaveLength(1);
    expect(typing(bob)).toEqual([]);
    holding = false;
    for (const run of held) run();
    await rig.clock.advance(20);
    bob.send({ type: 'typing', conversation: 1 });
    cleo.send({ type: 'typing', conversation: 1 });
    await rig.clock.advance(5000);
    expect(typing(bob)).toEqual([]);
    expect(typing(anna)).toHaveLength(1);
  });

  it('is not kept for a reader that is slow', async () => {
    const { rig, anna, bob } = await trio();
    anna.pair.stall();
    bob.send({ type: 'send', clientId: 50, conversation: 1, epoch: 0, payload: 'x' });
    await rig.clock.advance(20);
    bob.send({ type: 'typing', conversation: 1 });
    await rig.clock.advance(500);
    anna.pair.resume();
    await rig.clock.advance(5000);
    expect(anna.entries().at(-1)).toMatchObject({ payload: 'x' });
    expect(typing(anna)).toEqual([]);
    expect(rig.servers[0]!.stats()).toMatchObject({ ephemeralDroppedTotal: 1, ephemeralQueued: 0 });
  });

  it('costs other servers nothing when nobody asked', async () => {
    const { rig, bob } = await trio({ server: 1, asked: {} });
    bob.send({ type: 'typing', conversation: 1 });
    await rig.clock.advance(1000);
    expect(rig.signals.filter(({ kind }) => kind === 'typing')).toEqual([]);
  });
});

// ---

/** A group of anna, bob (on `server`) and cleo, who did not ask. */
async function trio({ server = 0, asked = asks, ...options }: RigOptions & { server?: number; asked?: object } = {}) {
  const rig = await createChatRig({ servers: 2, ...options });
  const [anna, bob] = [await rig.online('anna', 0, asked), await rig.online('bob', server, asked)];
  const cleo = await rig.online('cleo', 0);
  anna.send({ type: 'createGroup', clientId: 1, title: 'trip' });
  await rig.clock.advance(50);
  for (const [i, user] of ['bob', 'cleo'].entries()) {
    anna.send({ type: 'invite', clientId: i + 2, conversation: 1, users: [user] });
    await rig.clock.advance(50);
  }
  return { rig, anna, bob, cleo };
}

function typing(client: FrameClient): unknown[] {
  return client.frames.filter((frame) => frame.type === 'typing');
}
