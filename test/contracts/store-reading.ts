import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Bench } from './store-kit.ts';
import {
  conversationId,
  deviceId,
  direct,
  done,
  group,
  invite,
  leave,
  oneTo,
  people,
  readAll,
  remove,
  send,
  sent,
  seq,
  seqsOf,
} from './store-kit.ts';

export function readingContract(bench: Bench): void {
  it('reads a range in order: after the first bound, up to the second, at most the limit', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, ada, bob);
    await store.accept(oneTo(9).map(() => send(ada, conversation)));
    const bound = fc.integer({ min: -1, max: 12 });
    await fc.assert(
      fc.asyncProperty(bound, bound, fc.integer({ min: 1, max: 12 }), async (after, upTo, limit) => {
        const range = { conversation, user: bob.user, after: seq(after), upTo: seq(upTo), limit };
        const expected = oneTo(10).filter((n) => n > after && n <= upTo);
        expect(seqsOf(await other.read(range))).toEqual(expected.slice(0, limit));
      }),
      { numRuns: 30 },
    );
  });

  it('shows a member what stands between joining and leaving, both included, for every stay', async () => {
    const { store } = bench;
    const [ada, bob, eve] = await people(store, 'ada', 'bob', 'eve');
    const crew = await group(store, ada);
    await sent(store, send(ada, crew));
    await done(store, invite(ada, crew, 'bob'));
    await sent(store, send(ada, crew));
    await done(store, remove(ada, crew, 'bob'));
    await sent(store, send(ada, crew));
    await done(store, invite(ada, crew, 'bob'));
    await sent(store, send(ada, crew));
    await done(store, leave(bob, crew));
    await sent(store, send(ada, crew));
    expect(seqsOf(await readAll(store, crew, bob))).toEqual([3, 4, 5, 7, 8, 9]);
    expect(seqsOf(await readAll(store, crew, ada))).toEqual(oneTo(10));
    expect(await readAll(store, crew, eve)).toEqual([]);
  });

  it('knows the last sequence of conversations that exist', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const first = await direct(store, ada, bob);
    const second = await group(store, ada);
    await sent(store, send(ada, first));
    const nowhere = conversationId(second + 1000);
    expect(await other.heads([second, nowhere, first])).toEqual(
      new Map([
        [first, 2],
        [second, 1],
      ] as never),
    );
    expect(await other.heads([])).toEqual(new Map());
    expect(await other.conversation(nowhere)).toBeNull();
    expect(await other.read({ conversation: nowhere, user: ada.user, after: seq(0), upTo: seq(9), limit: 9 })).toEqual(
      [],
    );
  });

  it('cursors only move forward, whoever moves them and in whatever order', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const rooms = [await direct(store, ada, bob), await group(store, ada)];
    const devices = [ada.device, bob.device];
    const furthest = new Map<string, number>();
    const move = fc.record({ device: fc.nat(1), room: fc.nat(1), upTo: fc.nat(50) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(move, { maxLength: 6 }), { maxLength: 4 }), async (batches) => {
        const asked = batches.map((batch) =>
          batch.map(({ device, room, upTo }) => ({
            device: devices[device]!,
            conversation: rooms[room]!,
            upTo: seq(upTo),
          })),
        );
        await Promise.all(asked.map((batch, index) => [store, other][index % 2]!.moveCursors(batch)));
        for (const { device, conversation, upTo } of asked.flat()) {
          const key = `${device}/${conversation}`;
          furthest.set(key, Math.max(furthest.get(key) ?? 0, upTo));
        }
        for (const device of devices) {
          for (const { conversation, cursor } of await store.membershipsOf(ada.user, device)) {
            expect(cursor).toBe(furthest.get(`${device}/${conversation}`) ?? 0);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('ignores cursors of unknown devices and conversations, and moves the others', async () => {
    const { store } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, ada, bob);
    await store.moveCursors([]);
    await store.moveCursors([
      { device: deviceId(999_999), conversation, upTo: seq(3) },
      { device: ada.device, conversation: conversationId(999_999), upTo: seq(3) },
      { device: ada.device, conversation, upTo: seq(1) },
    ]);
    expect(await store.membershipsOf(ada.user, ada.device)).toMatchObject([{ conversation, cursor: 1 }]);
    expect(await store.membershipsOf(ada.user, deviceId(999_999))).toMatchObject([{ cursor: 0 }]);
  });

  it('expires old messages a batch at a time and keeps changes of membership', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const crew = await group(store, ada, bob);
    await store.accept(oneTo(6).map((n) => send(ada, crew, { at: n * 100 })));
    expect(await store.expire(501, 3)).toBe(3);
    expect(await other.expire(501, 3)).toBe(2);
    expect(await store.expire(501, 3)).toBe(0);
    expect(seqsOf(await readAll(store, crew, bob))).toEqual([2, 8]);
    expect(seqsOf(await readAll(store, crew, ada))).toEqual([1, 2, 8]);
    expect(await sent(store, send(bob, crew))).toMatchObject({ seq: 9 });
  });

  it('recognises a repeat of a message that has expired', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, ada, bob);
    const message = send(ada, conversation, { at: 5 });
    await sent(store, message);
    expect(await store.expire(6, 10)).toBe(1);
    expect(await other.accept([message])).toMatchObject([{ kind: 'accepted', seq: 2, at: 5, repeat: true }]);
    expect(seqsOf(await readAll(store, conversation, bob))).toEqual([1]);
  });

  it('expiry and writers do not get into each other’s way', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, ada, bob);
    const writing = oneTo(10).map((n) => other.accept(oneTo(5).map(() => send(ada, conversation, { at: n }))));
    const expiring = oneTo(10).map(() => store.expire(6, 7));
    await Promise.all([...writing, ...expiring]);
    while ((await store.expire(6, 100)) > 0);
    const left = await readAll(store, conversation, bob);
    expect(left.filter((entry) => entry.type === 'message' && entry.at < 6)).toEqual([]);
    expect(left).toHaveLength(1 + 25);
    expect(await store.heads([conversation])).toEqual(new Map([[conversation, 51]]));
  });
}
