import { describe, expect, it } from 'vitest';
import type { Store } from '../../../src/system/database/store.ts';
import type { ConversationId } from '../../../src/system/protocol/ids.ts';
import { createChatRig } from '../../helpers/chat-rig.ts';

const never = 1e9;

describe('what is heard of a conversation while a comer looks up their memberships', () => {
  it.each([
    ['a room that ends meanwhile had heard it', true],
    ['nobody else is there', false],
  ])('reaches the comer when %s', async (_, otherDevice) => {
    let answerLookUp: (() => void) | null = null;
    let hold = false;
    // The answer of a look-up is what the store knew when it was asked, however late it arrives.
    const wrap = (store: Store, _: unknown, server: number): Store => ({
      ...store,
      membershipsOf: async (user, device) => {
        const answer = await store.membershipsOf(user, device);
        if (server === 1 && hold) await new Promise<void>((resume) => (answerLookUp = resume));
        return answer;
      },
    });
    const rig = await createChatRig({ servers: 2, wrap, settings: { backstopMs: never, recheckMs: never } });
    const anna = await rig.online('anna', 0);
    const bob = await rig.online('bob', 1);
    anna.send({ type: 'openDirect', clientId: 1, with: 'bob' });
    await rig.clock.advance(100);
    const conversation = bob.entries()[0]!.conversation as ConversationId;

    hold = true;
    if (!otherDevice) bob.pair.close();
    const again = rig.connect(await rig.signIn('bob', 'laptop'), 1);
    await rig.clock.advance(10);
    anna.send({ type: 'send', clientId: 2, conversation, epoch: 0, payload: 'aGk' });
    await rig.clock.advance(100);
    if (otherDevice) bob.pair.close();
    await rig.clock.advance(10);
    expect(answerLookUp).not.toBe(null);
    answerLookUp!();
    await rig.clock.advance(200);

    expect(again.entries(conversation).map((entry) => entry.seq)).toEqual([1, 2]);
  });
});

describe('the backstop', () => {
  it('finds a lost hint within one period, also in a room that has just begun', async () => {
    const rig = await createChatRig({ servers: 2, settings: { backstopMs: 5000, recheckMs: never } });
    const anna = await rig.online('anna', 0);
    // Rooms that are there already take their turns before the new one.
    for (let i = 0; i < 30; i++) anna.send({ type: 'createGroup', clientId: 100 + i, title: `g${i}` });
    const cleo = await rig.online('cleo', 1);
    for (let i = 0; i < 30; i++) cleo.send({ type: 'createGroup', clientId: 100 + i, title: `g${i}` });
    await rig.clock.advance(700);
    const bob = await rig.online('bob', 1);
    anna.send({ type: 'openDirect', clientId: 1, with: 'bob' });
    await rig.clock.advance(100);
    const conversation = bob.entries()[0]!.conversation as ConversationId;
    rig.loseHints(true);
    anna.send({ type: 'send', clientId: 2, conversation, epoch: 0, payload: 'aGk' });
    await rig.clock.advance(5600);
    expect(bob.entries(conversation).map((entry) => entry.seq)).toEqual([1, 2]);
  });
});
