import { describe, expect, it } from 'vitest';
import { type Send, type Store, StoreFailure } from '../../../src/system/database/store.ts';
import { createChatRig } from '../../helpers/chat-rig.ts';

/** A store whose `accept` waits to be released, and fails as told. */
function createGate() {
  const batches: { sends: readonly Send[]; release: (failure?: StoreFailure) => void }[] = [];
  const wrap = (store: Store): Store => ({
    ...store,
    accept: (sends) =>
      new Promise((resolve, reject) => {
        const release = (failure?: StoreFailure) =>
          failure ? reject(failure) : store.accept(sends).then(resolve, reject);
        batches.push({ sends, release });
      }),
  });
  return { batches, wrap };
}

const definite = new StoreFailure('The store did nothing.', { definite: true });
const uncertain = new StoreFailure('Nobody knows.', { definite: false });

async function meet(settings = {}) {
  const gate = createGate();
  const rig = await createChatRig({ wrap: gate.wrap, settings });
  const anna = await rig.online('anna');
  anna.send({ type: 'createGroup', clientId: 1, title: 'trip' });
  await rig.clock.advance(10);
  const send = (clientId: number, payload = 'x') =>
    anna.send({ type: 'send', clientId, conversation: 1, epoch: 0, payload });
  const order = () => [...rig.store.entries()].map((entry) => entry.clientId);
  return { rig, gate, anna, send, order };
}

describe('group commit', () => {
  it('answers only after the store has resolved', async () => {
    const { rig, gate, anna, send } = await meet();
    send(2);
    await rig.clock.advance(1000);
    expect(anna.answer(2)).toBeUndefined();
    gate.batches[0]!.release();
    await rig.clock.advance(0);
    expect(anna.answer(2)).toMatchObject({ type: 'accepted', seq: 2 });
  });

  it('a lone send waits `batchWaitMs` for company; what comes during a commit makes the next batch, in order', async () => {
    const { rig, gate, send } = await meet({ batchWaitMs: 4, batchSizeMax: 3 });
    send(2);
    await rig.clock.advance(3);
    expect(gate.batches).toHaveLength(0);
    await rig.clock.advance(1);
    for (const clientId of [3, 4, 5, 6]) send(clientId);
    await rig.clock.advance(100);
    expect(gate.batches).toHaveLength(1);
    gate.batches[0]!.release();
    await rig.clock.advance(0);
    expect(gate.batches.map(({ sends }) => sends.map((item) => item.clientId))).toEqual([[2], [3, 4, 5]]);
  });

  it('a batch is bounded in bytes, but takes one message of any size', async () => {
    const { rig, gate, send } = await meet({ batchBytesMax: 100 });
    for (const clientId of [2, 3, 4]) send(clientId, 'x'.repeat(80));
    await rig.clock.advance(10);
    expect(gate.batches.map(({ sends }) => sends.length)).toEqual([1]);
  });

  it('a full queue refuses with `busy`, by number and by bytes', async () => {
    const { rig, anna, send } = await meet({ queueMax: 2 });
    for (const clientId of [2, 3, 4]) send(clientId);
    await rig.clock.advance(10);
    expect(anna.answer(4)).toMatchObject({ type: 'refused', code: 'busy' });
    const small = await meet({ queueBytesMax: 1000 });
    small.send(2, 'x'.repeat(600));
    small.send(3, 'x'.repeat(600));
    expect(small.anna.answer(3)).toMatchObject({ type: 'refused', code: 'busy' });
    expect(small.rig.servers[0]!.stats().inFlight).toBe(1);
  });
});

describe('a store that fails', () => {
  it.each([
    ['databaseDown', definite],
    ['uncertain', uncertain],
  ])('is reported truthfully as `%s`; the socket stays, and all is well when it works again', async (code, failure) => {
    const { rig, gate, anna, send } = await meet();
    send(2);
    await rig.clock.advance(10);
    gate.batches[0]!.release(failure);
    await rig.clock.advance(0);
    expect(anna.answer(2)).toMatchObject({ type: 'refused', code });
    expect(rig.servers[0]!.stats()).toMatchObject({ databaseUp: false, inFlight: 0 });
    await rig.clock.advance(1000);
    expect(rig.servers[0]!.stats().databaseUp).toBe(true);
    send(2);
    await rig.clock.advance(10);
    gate.batches[1]!.release();
    await rig.clock.advance(10);
    expect([anna.closed, anna.answer(2)]).toMatchObject([null, { type: 'accepted', seq: 2 }]);
  });

  it('what was queued behind a failed send is refused too, and is taken again only after it', async () => {
    const { rig, gate, anna, send, order } = await meet();
    send(2);
    await rig.clock.advance(5);
    send(3);
    gate.batches[0]!.release(uncertain);
    await rig.clock.advance(5);
    expect(gate.batches).toHaveLength(1);
    expect(anna.answer(3)).toMatchObject({ type: 'refused', code: 'busy' });
    for (const clientId of [3, 2, 4, 3, 4]) send(clientId);
    await rig.clock.advance(5);
    gate.batches[1]!.release();
    await rig.clock.advance(5);
    expect(order()).toEqual([1, 2, 3, 4]);
  });

  it('does not hold up other conversations, nor this one for longer than `repeatFirstMs`', async () => {
    const { rig, gate, anna, send, order } = await meet({ repeatFirstMs: 1000 });
    anna.send({ type: 'createGroup', clientId: 10, title: 'other' });
    await rig.clock.advance(10);
    send(2);
    await rig.clock.advance(5);
    gate.batches[0]!.release(definite);
    await rig.clock.advance(5);
    anna.send({ type: 'send', clientId: 11, conversation: 2, epoch: 0, payload: 'x' });
    await rig.clock.advance(5);
    gate.batches[1]!.release();
    await rig.clock.advance(5);
    expect(anna.answer(11)).toMatchObject({ type: 'accepted' });
    await rig.clock.advance(1000);
    send(3);
    await rig.clock.advance(5);
    gate.batches[2]!.release();
    await rig.clock.advance(5);
    expect(order()).toEqual([1, 3, 10, 11]);
  });

  it('a change of membership waits for the sends before it, and what follows waits for the change', async () => {
    const { rig, gate, anna, send, order } = await meet();
    await rig.signIn('bob');
    send(2);
    anna.send({ type: 'invite', clientId: 3, conversation: 1, users: ['bob'] });
    send(4);
    await rig.clock.advance(50);
    expect(order()).toEqual([1]);
    gate.batches[0]!.release();
    await rig.clock.advance(50);
    expect(order()).toEqual([1, 2, 3]);
    gate.batches[1]!.release();
    await rig.clock.advance(50);
    expect(order()).toEqual([1, 2, 3, 4]);
  });

  it('at `hello` closes with 4011, so that the client comes again with backoff', async () => {
    const wrap = (store: Store): Store => ({ ...store, beginConnection: () => Promise.reject(definite) });
    const rig = await createChatRig({ wrap });
    const anna = rig.connect(await rig.signIn('anna'));
    await rig.clock.advance(0);
    expect([anna.closed, anna.frames.map((frame) => frame.type)]).toEqual([4011, ['refused']]);
  });

  it('does not let a server start', async () => {
    const wrap = (store: Store): Store => ({ ...store, ping: () => Promise.reject(definite) });
    await expect(createChatRig({ wrap })).rejects.toThrow('The store did nothing.');
  });
});
