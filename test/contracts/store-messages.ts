import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Send, Store } from '../../src/system/database/store.ts';
import type { ConversationId } from '../../src/system/protocol/ids.ts';
import type { Bench } from './store-kit.ts';
import {
  conversationId,
  createGroup,
  direct,
  done,
  expectAccepted,
  group,
  leave,
  oneTo,
  people,
  person,
  readAll,
  remove,
  send,
  sent,
  seqsOf,
  signIn,
} from './store-kit.ts';

export function messagesContract(bench: Bench): void {
  it('accepts messages in the order of the call and gives each conversation its own sequence', async () => {
    const { store } = bench;
    const [ada, bob, cid] = await people(store, 'ada', 'bob', 'cid');
    const first = await direct(store, ada, bob);
    const second = await direct(store, ada, cid);
    const sends = [send(ada, first), send(bob, first, { at: 7 }), send(ada, second), send(ada, first)];
    const outcomes = await store.accept(sends);
    const plain = { kind: 'accepted', repeat: false, affected: [], entry: null };
    expect(outcomes).toEqual([
      { ...plain, conversation: first, seq: 2, at: 1000 },
      { ...plain, conversation: first, seq: 3, at: 7 },
      { ...plain, conversation: second, seq: 2, at: 1000 },
      { ...plain, conversation: first, seq: 4, at: 1000 },
    ]);
  });

  it('an empty batch has no outcomes', async () => {
    expect(await bench.store.accept([])).toEqual([]);
  });

  it('keeps every part of a message', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'Ada', 'bob');
    const conversation = await direct(store, ada, bob);
    const big = {
      epoch: 0,
      at: 1_790_000_000_123,
      payload: 'Az_-'.repeat(15_000),
      clientId: (2 ** 53 - 1) as never,
    };
    await store.accept([send(ada, conversation, big), send(ada, conversation, { payload: '' })]);
    const [, message, empty] = await readAll(other, conversation, bob);
    const head = { type: 'message', conversation, sender: 'Ada', device: ada.device };
    expect(message).toEqual({ ...head, seq: 2, ...big });
    expect(empty).toMatchObject({ ...head, seq: 3, payload: '' });
  });

  it('refuses strangers and unknown conversations, and accepts the rest of the batch without a gap', async () => {
    const { store } = bench;
    const [ada, bob, eve] = await people(store, 'ada', 'bob', 'eve');
    const conversation = await direct(store, ada, bob);
    const nowhere = conversationId(conversation + 1000);
    const outcomes = await store.accept([
      send(ada, conversation),
      send(eve, conversation),
      send(ada, nowhere),
      send(bob, conversation),
    ]);
    expect(outcomes.map((it) => (it.kind === 'refused' ? it.code : it.kind === 'accepted' && it.seq))).toEqual([
      2,
      'notMember',
      'notMember',
      3,
    ]);
    expect(seqsOf(await readAll(store, conversation, ada))).toEqual([1, 2, 3]);
  });

  it('answers a repeat like the first time and gives it no sequence', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, ada, bob);
    const twice = send(ada, conversation);
    const [first, twin] = await store.accept([twice, twice]);
    expect([first, twin]).toMatchObject([
      { seq: 2, at: 1000, repeat: false },
      { seq: 2, at: 1000, repeat: true },
    ]);
    const later = { ...twice, at: 2000, epoch: 9, payload: 'BBBB' };
    const outcomes = await other.accept([send(ada, conversation), later, send(bob, conversation)]);
    expect(outcomes).toMatchObject([
      { seq: 3, repeat: false },
      { seq: 2, at: 1000, repeat: true },
      { seq: 4, repeat: false },
    ]);
    expect((await readAll(store, conversation, bob))[1]).toMatchObject({ payload: 'AAAA', at: 1000 });
  });

  it('answers a repeat also after its sender has left', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await group(store, ada, bob);
    const message = send(bob, conversation);
    await sent(store, message);
    await done(store, leave(bob, conversation));
    expect(await other.accept([message, send(bob, conversation)])).toMatchObject([
      { kind: 'accepted', seq: 3, repeat: true },
      { kind: 'refused', code: 'notMember' },
    ]);
  });

  it('tells client ids of different devices apart', async () => {
    const { store } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const laptop = await signIn(store, ada, 'laptop');
    const conversation = await direct(store, ada, bob);
    const message = send(ada, conversation);
    const outcomes = await store.accept([message, { ...message, by: laptop }, { ...message, by: bob }]);
    expect(outcomes).toMatchObject([2, 3, 4].map((seq) => ({ seq, repeat: false })));
  });

  it('refuses a client id that stood for something else', async () => {
    const { store } = bench;
    const [ada, bob, cid] = await people(store, 'ada', 'bob', 'cid');
    const conversation = await direct(store, ada, bob);
    const elsewhere = await direct(store, ada, cid);
    const creation = createGroup(ada);
    await done(store, creation);
    const message = send(ada, conversation);
    await sent(store, message);
    const reused = { kind: 'refused', code: 'clientIdReused' };
    expect(await store.accept([{ ...message, conversation: elsewhere }])).toEqual([reused]);
    expect(await store.accept([send(ada, conversation, { clientId: creation.clientId })])).toEqual([reused]);
    expect(await store.change({ ...creation, clientId: message.clientId })).toEqual(reused);
    expect(await store.change({ ...createGroup(ada, 'another'), clientId: creation.clientId })).toEqual(reused);
  });

  it('gives gap-free sequences in the order of each batch, however many servers write at once', async () => {
    const { store, other } = bench;
    const crew = await people(store, 'ada', 'bob', 'cid');
    const rooms = [await group(store, crew[0], crew[1], crew[2]), await group(store, crew[0], crew[1], crew[2])];
    const place = fc.record({ room: fc.nat(1), by: fc.nat(2) });
    const plan = fc.array(fc.array(place, { minLength: 1, maxLength: 8 }), { minLength: 2, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(plan, async (batches) => {
        const before = await store.heads(rooms);
        const sends = batches.map((batch) => batch.map(({ room, by }) => send(crew[by]!, rooms[room]!)));
        await acceptAtOnce([store, other], sends);
        for (const room of rooms) await expectOrdered(store, { room, from: before.get(room)!, sends });
      }),
      { numRuns: 15 },
    );

    async function expectOrdered(from: Store, what: { room: ConversationId; from: number; sends: Send[][] }) {
      const all = await readAll(from, what.room, crew[0]);
      expect(seqsOf(all)).toEqual(oneTo(all.length));
      const written = all.slice(what.from).map((entry) => entry.clientId);
      for (const batch of what.sends) {
        const own = batch.filter((it) => it.conversation === what.room).map((it) => it.clientId);
        expect(written.filter((id) => own.includes(id))).toEqual(own);
      }
      expect(written).toHaveLength(what.sends.flat().filter((it) => it.conversation === what.room).length);
    }
  });

  it('gives one place to an operation that comes through several servers at once', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    const conversation = await direct(store, ada, bob);
    for (let round = 0; round < 10; round++) {
      const messages = oneTo(5).map(() => send(ada, conversation));
      const answers = await acceptAtOnce([store, other], [messages, messages.toReversed(), messages]);
      const seqs = new Map(messages.map((message) => [message.clientId, new Set<number>()]));
      for (const { message, outcome } of answers) seqs.get(message.clientId)!.add(expectAccepted(outcome).seq);
      expect([...seqs.values()].map((set) => set.size)).toEqual([1, 1, 1, 1, 1]);
      expect(answers.filter(({ outcome }) => !expectAccepted(outcome).repeat)).toHaveLength(5);
    }
    const all = await readAll(store, conversation, ada);
    expect(seqsOf(all)).toEqual(oneTo(51));
  });

  it('counts membership at the commit: nothing of a removed member stands after the removal', async () => {
    const { store, other } = bench;
    const [ada, bob] = await people(store, 'ada', 'bob');
    for (let round = 0; round < 8; round++) {
      const conversation = await group(store, ada, bob);
      const writing = acceptAtOnce(
        [other],
        oneTo(6).map(() => [send(bob, conversation), send(ada, conversation)]),
      );
      const removal = await done(store, remove(ada, conversation, 'bob'));
      const answers = await writing;
      const bobs = answers.filter(({ message }) => message.by === bob);
      for (const { outcome } of bobs) {
        if (outcome.kind === 'accepted') expect(outcome.seq).toBeLessThan(removal.seq);
        else expect(outcome).toEqual({ kind: 'refused', code: 'notMember' });
      }
      const all = await readAll(store, conversation, ada);
      expect(seqsOf(all)).toEqual(oneTo(all.length));
    }
  });

  it('writers of the same conversations in opposite orders all get through', async () => {
    const { store, other } = bench;
    const ada = await person(store, 'ada');
    const peers = await people(store, 'p1', 'p2', 'p3', 'p4');
    const rooms: ConversationId[] = [];
    for (const peer of peers) rooms.push(await direct(store, ada, peer));
    const batches = oneTo(12).map((n) => (n % 2 ? rooms : rooms.toReversed()).map((room) => send(ada, room)));
    const answers = await acceptAtOnce([store, other], batches);
    expect(answers.every(({ outcome }) => outcome.kind === 'accepted')).toBe(true);
  });
}

// ---

/** Hands each batch to one of the stores in turn, all without waiting. */
async function acceptAtOnce(stores: readonly Store[], batches: readonly (readonly Send[])[]) {
  const answers = await Promise.all(
    batches.map(async (batch, index) => {
      const outcomes = await stores[index % stores.length]!.accept(batch);
      return batch.map((message, place) => ({ message, outcome: outcomes[place]! }));
    }),
  );
  return answers.flat();
}
