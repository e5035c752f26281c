import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ConversationPointers } from '../../src/system/database/receipt-store.ts';
import type { Store } from '../../src/system/database/store.ts';
import type { ConversationId } from '../../src/system/protocol/ids.ts';
import {
  type Bench,
  conversationId,
  direct,
  done,
  group,
  invite,
  oneTo,
  people,
  remove,
  send,
  seq,
  signIn,
  userId,
} from './store-kit.ts';

export function receiptsContract(bench: Bench): void {
  it('read pointers move forward only, whatever the order and whoever writes', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, ada, bob);
    await store.accept(oneTo(20).map(() => send(ada, conversation)));
    let furthest = 0;
    const move = fc.record({ upTo: fc.integer({ min: 0, max: 21 }), elsewhere: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 4 }), async (moves) => {
        await Promise.all(
          moves.map(({ upTo, elsewhere }) =>
            (elsewhere ? other : store).receipts.moveReads([{ user: bob.user, conversation, upTo: seq(upTo) }]),
          ),
        );
        furthest = Math.max(furthest, ...moves.map(({ upTo }) => upTo));
        expect(await pointersOf(other, conversation)).toEqual(furthest === 0 ? {} : { bob: [furthest, furthest] });
      }),
      { numRuns: 20 },
    );
  });

  it('one statement may hold the same pointer twice: the furthest counts', async () => {
    const { store } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, ada, bob);
    await store.accept(oneTo(5).map(() => send(ada, conversation)));
    const reads = [3, 5, 4].map((upTo) => ({ user: bob.user, conversation, upTo: seq(upTo) }));
    await store.receipts.moveReads(reads);
    expect(await pointersOf(store, conversation)).toEqual({ bob: [5, 5] });
  });

  it('nobody has read what does not exist, what came after they had left, or where they never were', async () => {
    const { store } = bench;
    const [ada, bob, eve] = await people(store, 'ada', 'bob', 'eve');
    const crew = await group(store, ada, bob);
    const left = (await done(store, remove(ada, crew, 'bob'))).seq;
    await store.accept(oneTo(5).map(() => send(ada, crew)));
    const far = seq(1000);
    await store.receipts.moveReads([
      { user: ada.user, conversation: crew, upTo: far },
      { user: bob.user, conversation: crew, upTo: far },
      { user: eve.user, conversation: crew, upTo: far },
      { user: userId(999), conversation: crew, upTo: far },
      { user: ada.user, conversation: conversationId(999), upTo: far },
    ]);
    expect(await pointersOf(store, crew)).toEqual({ ada: [left + 5, left + 5] });
    await done(store, invite(ada, crew, 'bob'));
    expect(await pointersOf(store, crew)).toMatchObject({ bob: [left, left] });
  });

  it('delivered is how far the furthest device has stored, and at least what was read', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const laptop = await signIn(store, bob, 'laptop');
    const conversation = await direct(store, ada, bob);
    await store.accept(oneTo(9).map(() => send(ada, conversation)));
    await store.moveCursors([
      { device: bob.device, conversation, upTo: seq(4) },
      { device: laptop.device, conversation, upTo: seq(6) },
    ]);
    expect(await pointersOf(other, conversation)).toEqual({ bob: [6, 0] });
    await store.receipts.moveReads([{ user: bob.user, conversation, upTo: seq(8) }]);
    expect(await pointersOf(other, conversation)).toEqual({ bob: [8, 8] });
  });

  it('read pointers of a deleted user are gone and do not come back', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const crew = await group(store, ada, bob);
    await store.receipts.moveReads([{ user: bob.user, conversation: crew, upTo: seq(2) }]);
    await store.deleteUser({ id: bob.user, passwordHash: 'hash', at: 5 });
    await other.receipts.moveReads([{ user: bob.user, conversation: crew, upTo: seq(3) }]);
    while ((await store.depart(10, 5)).more);
    await other.receipts.moveReads([{ user: bob.user, conversation: crew, upTo: seq(3) }]);
    expect(await pointersOf(store, crew)).toEqual({});
  });

  it('only present members are told of, none in a group that is too large, and unknown ids are missing', async () => {
    const { store } = bench;
    const [ada, bob, eve] = await people(store, 'ada', 'bob', 'eve');
    const crew = await group(store, ada, bob, eve);
    const pair = await direct(store, ada, bob);
    for (const conversation of [crew, pair]) {
      await store.receipts.moveReads([ada, bob].map(({ user }) => ({ user, conversation, upTo: seq(1) })));
    }
    const found = await store.receipts.pointers([crew, pair, conversationId(999), pair], 2);
    expect(found.toSorted(byConversation)).toEqual([
      { conversation: crew, members: 3, pointers: [] },
      { conversation: pair, members: 2, pointers: expect.arrayContaining([{ user: 'ada', delivered: 1, read: 1 }]) },
    ]);
    await done(store, remove(ada, crew, 'bob'));
    expect(await pointersOf(store, crew)).toEqual({ ada: [1, 1] });
  });
}

// ---

/** `[delivered, read]` by name. */
async function pointersOf(store: Store, conversation: ConversationId): Promise<Record<string, [number, number]>> {
  const [found] = await store.receipts.pointers([conversation], 50);
  return Object.fromEntries(found!.pointers.map(({ user, delivered, read }) => [user, [delivered, read]]));
}

function byConversation(a: ConversationPointers, b: ConversationPointers): number {
  return a.conversation - b.conversation;
}
