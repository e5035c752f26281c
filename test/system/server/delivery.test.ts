import { describe, expect, it } from 'vitest';
import type { ConversationId } from '../../../src/system/protocol/ids.ts';
import { createChatRig } from '../../helpers/chat-rig.ts';

const group = 1 as ConversationId;

describe('delivery', () => {
  it('a message between users of two servers is accepted for one and arrives at the other, once and in order', async () => {
    const rig = await createChatRig({ servers: 2 });
    const anna = await rig.online('anna', 0);
    const bob = await rig.online('bob', 1);
    anna.send({ type: 'openDirect', clientId: 1, with: 'bob' });
    await rig.clock.advance(50);
    for (let i = 2; i <= 11; i++) {
      anna.send({ type: 'send', clientId: i, conversation: 1, epoch: 0, payload: `a${i}` });
      await rig.clock.advance(3);
      bob.send({ type: 'send', clientId: i, conversation: 1, epoch: 0, payload: `b${i}` });
    }
    await rig.clock.advance(100);
    const all = Array.from({ length: 21 }, (_, i) => i + 1);
    expect(anna.seqs(group).toSorted((a, b) => a - b)).toEqual(all);
    expect(bob.seqs(group).toSorted((a, b) => a - b)).toEqual(all);
    expect(anna.entries(group).map((entry) => entry.sender)).toEqual(Array(10).fill('bob'));
    expect(rig.errors).toEqual([]);
  });

  it('another device of the sender gets the message, the sending connection does not', async () => {
    const rig = await createChatRig();
    const phone = await rig.online('anna');
    const laptop = rig.connect(await rig.signIn('anna', 'laptop'));
    await rig.clock.advance(0);
    phone.send({ type: 'createGroup', clientId: 1, title: 'trip' });
    await rig.clock.advance(10);
    phone.send({ type: 'send', clientId: 2, conversation: 1, epoch: 0, payload: 'x' });
    await rig.clock.advance(10);
    expect(phone.entries()).toEqual([]);
    expect(laptop.entries().map((entry) => entry.seq)).toEqual([1, 2]);
    expect(phone.frames.map((frame) => frame.type)).toEqual([
      'welcome',
      'caughtUp',
      'accepted',
      'conversation',
      'accepted',
    ]);
    expect(rig.errors).toEqual([]);
  });

  it('who is invited gets a `conversation` frame and then the entry that invited them', async () => {
    const rig = await createChatRig({ servers: 2 });
    const anna = await rig.online('anna', 0);
    const bob = await rig.online('bob', 1);
    anna.send({ type: 'createGroup', clientId: 1, title: 'trip' });
    await rig.clock.advance(10);
    anna.send({ type: 'send', clientId: 2, conversation: 1, epoch: 0, payload: 'before' });
    anna.send({ type: 'invite', clientId: 3, conversation: 1, users: ['bob'] });
    anna.send({ type: 'send', clientId: 4, conversation: 1, epoch: 0, payload: 'after' });
    await rig.clock.advance(50);
    const [told, ...rest] = bob.frames.slice(2);
    expect(told).toMatchObject({ type: 'conversation', title: 'trip', members: ['anna', 'bob'], after: 2 });
    expect(rest.map((frame) => [frame.type, 'seq' in frame && frame.seq])).toEqual([
      ['membership', 3],
      ['message', 4],
    ]);
    expect(rig.errors).toEqual([]);
  });

  it('who is removed gets the entry that removed them and nothing after it', async () => {
    const rig = await createChatRig({ servers: 2 });
    const anna = await rig.online('anna', 0);
    const bob = await rig.online('bob', 1);
    anna.send({ type: 'createGroup', clientId: 1, title: 'trip' });
    await rig.clock.advance(10);
    anna.send({ type: 'invite', clientId: 2, conversation: 1, users: ['bob'] });
    anna.send({ type: 'send', clientId: 3, conversation: 1, epoch: 0, payload: 'x' });
    anna.send({ type: 'remove', clientId: 4, conversation: 1, users: ['bob'] });
    anna.send({ type: 'send', clientId: 5, conversation: 1, epoch: 0, payload: 'y' });
    await rig.clock.advance(50);
    expect(bob.entries(group).map((entry) => entry.seq)).toEqual([2, 3, 4]);
    bob.send({ type: 'send', clientId: 1, conversation: 1, epoch: 0, payload: 'z' });
    await rig.clock.advance(10);
    expect(bob.answer(1)).toMatchObject({ type: 'refused', code: 'notMember' });
    expect(rig.errors).toEqual([]);
  });
});
