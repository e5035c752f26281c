import { describe, expect, it } from 'vitest';
import { StoreFailure } from '../../../../src/system/database/store.ts';
import type { ReceiptFrame } from '../../../../src/system/protocol/frames.ts';
import type { ConversationId } from '../../../../src/system/protocol/ids.ts';
import {
  type Asks,
  type ChatRig,
  createChatRig,
  type FrameClient,
  type RigOptions,
} from '../../../helpers/chat-rig.ts';

const asks = { receipts: true };
/** More than the window, the flush of cursors and all that is on the way. */
const quietMs = 2000;

describe('receipts', () => {
  it.each([
    ['on one server', 0],
    ['on two servers', 1],
  ])('tell the others how far a member has stored and read, %s', async (_, server) => {
    const { rig, anna, bob } = await pair({ server });
    await write(rig, anna, 3);
    bob.send({ type: 'ack', conversation: 1, upTo: 3 });
    await rig.clock.advance(quietMs);
    expect(receipts(anna).at(-1)).toEqual(receipt('bob', 3, 0));
    bob.send({ type: 'read', conversation: 1, upTo: 2 });
    await rig.clock.advance(quietMs);
    expect(receipts(anna).at(-1)).toEqual(receipt('bob', 3, 2));
    expect(receipts(bob)).toEqual([]);
    expect(rig.errors).toEqual([]);
  });

  it('the first change after a pause is told at once, many in one window become one frame', async () => {
    const { rig, anna, bob } = await pair({ settings: { ephemeralWindowMs: 250, ackFlushMs: 1e6 } });
    await write(rig, anna, 100);
    const before = receipts(anna).length;
    bob.send({ type: 'read', conversation: 1, upTo: 1 });
    await rig.clock.advance(1);
    expect(receipts(anna).slice(before)).toEqual([receipt('bob', 1, 1)]);
    for (let upTo = 2; upTo <= 100; upTo++) {
      bob.send({ type: 'read', conversation: 1, upTo });
      await rig.clock.advance(2);
    }
    expect(receipts(anna).slice(before)).toEqual([receipt('bob', 1, 1)]);
    await rig.clock.advance(600);
    expect(receipts(anna).slice(before)).toEqual([receipt('bob', 1, 1), receipt('bob', 100, 100)]);
    expect(rig.servers[0]!.stats().ephemeralCoalescedTotal).toBeGreaterThan(90);
  });

  it('who comes back is told how it is now, one’s own pointers too, also after all servers were new', async () => {
    const first = await pair();
    await write(first.rig, first.anna, 4);
    first.bob.send({ type: 'read', conversation: 1, upTo: 4 });
    await first.rig.clock.advance(quietMs);
    const rig = await createChatRig({ wrap: () => first.rig.store });
    const anna = rig.connect(first.anna.account, 0, undefined, asks);
    const bob = rig.connect(first.bob.account, 0, undefined, asks);
    await rig.clock.advance(quietMs);
    expect(receipts(anna)).toContainEqual(receipt('bob', 4, 4));
    expect(receipts(bob)).toEqual([receipt('bob', 4, 4)]);
  });

  it('who did not ask is told nothing, and costs other servers nothing', async () => {
    const { rig, anna, bob } = await pair({ server: 1, asked: {} });
    await write(rig, anna, 3);
    for (const client of [anna, bob]) {
      client.send({ type: 'ack', conversation: 1, upTo: 3 });
      client.send({ type: 'read', conversation: 1, upTo: 3 });
    }
    await rig.clock.advance(quietMs);
    expect([...receipts(anna), ...receipts(bob)]).toEqual([]);
    expect(rig.signals.filter(({ kind }) => kind === 'receipt')).toEqual([]);
  });

  it('nobody reads what was not sent to them', async () => {
    const { rig, anna, bob } = await pair();
    await write(rig, anna, 3);
    bob.send({ type: 'read', conversation: 1, upTo: 999 });
    bob.send({ type: 'read', conversation: 77, upTo: 1 });
    await rig.clock.advance(quietMs);
    expect(receipts(anna).at(-1)).toEqual(receipt('bob', 4, 4));
    expect(rig.servers[0]!.stats().ephemeralDroppedTotal).toBe(1);
  });

  it('one’s own message may be read as soon as it is accepted', async () => {
    const { rig, anna, bob } = await pair();
    await write(rig, anna, 1);
    anna.send({ type: 'read', conversation: 1, upTo: 2 });
    await rig.clock.advance(quietMs);
    expect(receipts(bob).at(-1)).toEqual(receipt('anna', 2, 2));
  });

  it('nobody is told anything in a group that is too large', async () => {
    const rig = await createChatRig({ servers: 2, settings: { ephemeralMembersMax: 2 } });
    const [anna, bob] = [await rig.online('anna', 0, asks), await rig.online('bob', 1, asks)];
    await rig.online('cleo', 1, asks);
    anna.send({ type: 'createGroup', clientId: 1, title: 'trip' });
    await rig.clock.advance(50);
    anna.send({ type: 'invite', clientId: 2, conversation: 1, users: ['bob'] });
    anna.send({ type: 'invite', clientId: 3, conversation: 1, users: ['cleo'] });
    await rig.clock.advance(quietMs);
    const before = receipts(anna).length;
    bob.send({ type: 'read', conversation: 1, upTo: 3 });
    await rig.clock.advance(quietMs);
    expect(receipts(anna)).toHaveLength(before);
    const again = rig.connect(anna.account, 0, undefined, asks);
    await rig.clock.advance(quietMs);
    expect(receipts(again)).toEqual([]);
    expect(anna.frames[0]).toMatchObject({ limits: { ephemeralMembersMax: 2 } });
  });

  it('who was removed is told nothing more, also by a server that has not heard of the removal yet', async () => {
    const hints: (() => void)[] = [];
    let holding = false;
    const rig = await createChatRig({
      servers: 2,
      deliver: (run, _, news) => {
        if (holding && news === 'hints') hints.push(run);
        else queueMicrotask(run);
      },
    });
    const [anna, bob] = [await rig.online('anna', 0, asks), await rig.online('bob', 1, asks)];
    const cleo = await rig.online('cleo', 0);
    anna.send({ type: 'createGroup', clientId: 1, title: 'trip' });
    await rig.clock.advance(50);
    for (const [i, user] of ['bob', 'cleo'].entries()) {
      anna.send({ type: 'invite', clientId: i + 2, conversation: 1, users: [user] });
      await rig.clock.advance(50);
    }
    await rig.clock.advance(quietMs);
    const before = receipts(bob).length;
    holding = true;
    anna.send({ type: 'remove', clientId: 4, conversation: 1, users: ['bob'] });
    await rig.clock.advance(10);
    cleo.send({ type: 'read', conversation: 1, upTo: 4 });
    await rig.clock.advance(quietMs);
    expect(receipts(anna).at(-1)).toEqual(receipt('cleo', 4, 4));
    expect(receipts(bob)).toHaveLength(before);
    holding = false;
    for (const run of hints) run();
    await rig.clock.advance(quietMs);
    expect(bob.entries().at(-1)).toMatchObject({ change: 'removed', users: ['bob'] });
    expect(receipts(bob)).toHaveLength(before);
  });

  it('wait for a reader that is slow, then come once; messages do not wait', async () => {
    const { rig, anna, bob } = await pair();
    await write(rig, anna, 9);
    const before = receipts(anna).length;
    anna.pair.stall();
    bob.send({ type: 'send', clientId: 1, conversation: 1, epoch: 0, payload: 'x' });
    await rig.clock.advance(10);
    for (let upTo = 1; upTo <= 9; upTo++) {
      bob.send({ type: 'read', conversation: 1, upTo });
      await rig.clock.advance(quietMs);
    }
    anna.pair.resume();
    expect(anna.entries().at(-1)).toMatchObject({ payload: 'x' });
    expect(receipts(anna)).toHaveLength(before);
    await rig.clock.advance(quietMs);
    expect(receipts(anna).slice(before)).toEqual([receipt('bob', 9, 9)]);
  });

  it('a server that knows less than the one before says nothing until it has looked into the store', async () => {
    const held: (() => void)[] = [];
    let slow = false;
    let answer = (): void => {};
    const { rig, anna, bob } = await pair({
      server: 1,
      deliver: (run, _, news) => void (news === 'signals' ? held.push(run) : queueMicrotask(run)),
      wrap: (store, _, server) => ({
        ...store,
        receipts: {
          ...store.receipts,
          pointers: async (...asked) => {
            const found = await store.receipts.pointers(...asked);
            if (slow && server === 0) await new Promise<void>((resume) => (answer = resume));
            return found;
          },
        },
      }),
    });
    for (const run of held.splice(0)) run();
    const phone = rig.connect(await rig.signIn('anna', 'other'), 1, undefined, asks);
    await write(rig, anna, 9);
    bob.send({ type: 'read', conversation: 1, upTo: 5 });
    await rig.clock.advance(quietMs);
    const late = held.splice(0);
    bob.send({ type: 'read', conversation: 1, upTo: 9 });
    await rig.clock.advance(quietMs);
    expect(receipts(phone).at(-1)).toEqual(receipt('bob', 9, 9));
    phone.pair.close();
    slow = true;
    const again = rig.connect(phone.account, 0, undefined, asks);
    await rig.clock.advance(quietMs);
    for (const run of late) run();
    await rig.clock.advance(quietMs);
    expect(receipts(anna).at(-1)).toEqual(receipt('bob', 5, 5));
    expect(receipts(again)).toEqual([]);
    answer();
    await rig.clock.advance(quietMs);
    expect(receipts(again).at(-1)).toEqual(receipt('bob', 9, 9));
    expect(receipts(anna).at(-1)).toEqual(receipt('bob', 9, 9));
  });

  it('a read pointer that could not be stored is stored later, and not told before', async () => {
    let broken = false;
    const { rig, anna, bob } = await pair({
      wrap: (store) => ({
        ...store,
        receipts: {
          ...store.receipts,
          moveReads: async (reads) => {
            if (broken) throw new StoreFailure('The store did nothing.', { definite: true });
            await store.receipts.moveReads(reads);
          },
        },
      }),
    });
    await write(rig, anna, 2);
    broken = true;
    bob.send({ type: 'read', conversation: 1, upTo: 2 });
    await rig.clock.advance(quietMs);
    expect(receipts(anna)).toEqual([]);
    broken = false;
    await rig.clock.advance(quietMs);
    expect(receipts(anna)).toEqual([receipt('bob', 2, 2)]);
  });

  it('a drain writes the read pointers that are due', async () => {
    const { rig, anna, bob } = await pair({ settings: { ephemeralWindowMs: 5000 } });
    await write(rig, anna, 2);
    bob.send({ type: 'read', conversation: 1, upTo: 1 });
    await rig.clock.advance(1);
    bob.send({ type: 'read', conversation: 1, upTo: 2 });
    await rig.drain();
    const [found] = await rig.store.receipts.pointers([1 as ConversationId], 50);
    expect(found!.pointers).toContainEqual({ user: 'bob', delivered: 2, read: 2 });
  });
});

// ---

/** Anna on the first server and bob on `server`, in a direct conversation that anna opened. */
async function pair({ server = 0, asked = asks, ...options }: RigOptions & { server?: number; asked?: Asks } = {}) {
  const rig = await createChatRig({ servers: 2, ...options });
  const [anna, bob] = [await rig.online('anna', 0, asked), await rig.online('bob', server, asked)];
  anna.send({ type: 'openDirect', clientId: 1, with: 'bob' });
  await rig.clock.advance(50);
  return { rig, anna, bob };
}

async function write(rig: ChatRig, by: FrameClient, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    by.send({ type: 'send', clientId: 100 + i, conversation: 1, epoch: 0, payload: 'x' });
  }
  await rig.clock.advance(50);
}

function receipts(client: FrameClient): ReceiptFrame[] {
  return client.frames.filter((frame): frame is ReceiptFrame => frame.type === 'receipt');
}

function receipt(user: string, delivered: number, read: number) {
  return { type: 'receipt', conversation: 1, user, delivered, read };
}
