import { describe, expect, it } from 'vitest';
import { createMemoryBusHub } from '../../../src/system/database/memory-bus.ts';
import { createMemoryStore } from '../../../src/system/database/memory-store.ts';
import { hint, listen } from '../../contracts/bus.ts';
import { direct, people, send } from '../../contracts/store-kit.ts';

describe('a store in memory', () => {
  it('shows the laboratory every entry, and the messages among them, until they expire', async () => {
    const store = createMemoryStore();
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, ada, bob);
    const messages = [send(ada, conversation, { at: 1 }), send(bob, conversation, { at: 2 })];
    await store.accept(messages);
    expect([...store.entries()].map(({ seq, type }) => [seq, type])).toEqual([
      [1, 'membership'],
      [2, 'message'],
      [3, 'message'],
    ]);
    await store.expire(2, 10);
    const { clientId, payload } = messages[1]!;
    expect([...store.messages()]).toEqual([{ conversation, seq: 3, sender: 'bob', clientId, payload }]);
  });

  it('is ready with its answer when the call returns', async () => {
    const store = createMemoryStore();
    const order: string[] = [];
    const answer = store.findUser('nobody').then(() => order.push('answer'));
    queueMicrotask(() => order.push('next in line'));
    await answer;
    expect(order).toEqual(['answer', 'next in line']);
  });
});

describe('a bus in memory', () => {
  it('delivers when the world says so, and not before', async () => {
    const due: (() => void)[] = [];
    const hub = createMemoryBusHub({ deliver: (run) => due.push(run) });
    const [from, to] = [listen(hub.join()), listen(hub.join())];
    from.bus.publish([hint(1, 1)]);
    expect(to.all()).toEqual([]);
    for (const run of due.splice(0)) run();
    expect(to.all()).toEqual([hint(1, 1)]);
  });
});
