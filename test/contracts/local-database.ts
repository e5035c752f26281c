import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LocalDatabase, LocalEntry, SearchPlace, SearchResult } from '../../src/system/client/local/contract.ts';
import type { ClientId, ConversationId, Seq } from '../../src/system/protocol/ids.ts';
import { account, conversationOf, entryOf, messageOf, operationOf, progressOf } from './local-database-kit.ts';

/** One place for a database, empty at first. */
export interface LocalBench {
  open(): Promise<LocalDatabase>;
  /** Removes everything. */
  dispose(): Promise<void>;
}

const room = 1 as ConversationId;
const seqs = (entries: readonly LocalEntry[]) => entries.map((entry) => entry.seq);
const places = (entries: readonly LocalEntry[]) => entries.map(({ conversation, seq }) => `${conversation}/${seq}`);

/** What every local database promises. */
export function localDatabaseContract(name: string, createBench: () => Promise<LocalBench>): void {
  describe(`local database: ${name}`, () => {
    let bench: LocalBench;
    let database: LocalDatabase;

    beforeEach(async () => {
      bench = await createBench();
      database = await bench.open();
    });

    afterEach(async () => {
      await database.close();
      await bench.dispose();
    });

    async function reopen(): Promise<void> {
      await database.close();
      database = await bench.open();
    }

    it('is empty at first', async () => {
      expect(await database.load()).toEqual({ account: null, nextClientId: 1, conversations: [], operations: [] });
      expect(await database.page({ conversation: room, before: null, limit: 10 })).toEqual([]);
      expect(await database.key('any')).toBeNull();
    });

    it('gives back after a restart what was written', async () => {
      const failed = operationOf(9, { sealed: '{}', failure: { code: 'notMember', detail: 'gone' } });
      await database.write([
        { kind: 'account', account },
        { kind: 'nextClientId', nextClientId: 11 as ClientId },
        { kind: 'conversation', conversation: conversationOf(2, { kind: 'direct', title: '', admin: null }) },
        { kind: 'conversation', conversation: conversationOf(1) },
        progressOf(1, 2, 1, 1),
        messageOf(1, 2, 'second'),
        messageOf(1, 1, 'first'),
        { kind: 'operation', operation: operationOf(10) },
        { kind: 'operation', operation: failed },
        { kind: 'key', name: 'group/1', bytes: new Uint8Array([1, 2, 255]) },
      ]);
      await reopen();
      expect(await database.load()).toEqual({
        account,
        nextClientId: 11,
        conversations: [
          {
            conversation: conversationOf(1),
            progress: { cursor: 2, read: 1, unread: 1 },
            last: entryOf(1, 2, 'second'),
          },
          {
            conversation: conversationOf(2, { kind: 'direct', title: '', admin: null }),
            progress: { cursor: 0, read: 0, unread: 0 },
            last: null,
          },
        ],
        operations: [failed, operationOf(10)],
      });
      expect(await database.key('group/1')).toEqual(new Uint8Array([1, 2, 255]));
    });

    it('replaces what is written again and leaves the rest', async () => {
      await database.write([{ kind: 'conversation', conversation: conversationOf(1) }, progressOf(1, 5, 4, 1)]);
      await database.write([messageOf(1, 1, 'first'), { kind: 'operation', operation: operationOf(1) }]);
      await database.write([
        { kind: 'conversation', conversation: conversationOf(1, { title: 'renamed' }) },
        messageOf(1, 1, 'corrected'),
        { kind: 'operation', operation: operationOf(1, { sealed: 'frame' }) },
      ]);
      const state = await database.load();
      expect(state.conversations).toEqual([
        {
          conversation: conversationOf(1, { title: 'renamed' }),
          progress: { cursor: 5, read: 4, unread: 1 },
          last: entryOf(1, 1, 'corrected'),
        },
      ]);
      expect(state.operations).toEqual([operationOf(1, { sealed: 'frame' })]);
      const search = { conversation: null, limit: 10, before: null };
      expect((await database.search({ ...search, text: 'first' })).found).toEqual([]);
    });

    it('forgets operations that have ended and keys that are removed', async () => {
      await database.write([1, 2, 3].map((id) => ({ kind: 'operation', operation: operationOf(id) })));
      await database.write([
        { kind: 'key', name: 'a', bytes: new Uint8Array([1]) },
        { kind: 'key', name: 'b', bytes: new Uint8Array() },
      ]);
      await database.write([
        { kind: 'operationEnded', clientId: 2 as ClientId },
        { kind: 'operationEnded', clientId: 99 as ClientId },
        { kind: 'key', name: 'a', bytes: null },
      ]);
      await reopen();
      expect((await database.load()).operations.map(({ clientId }) => clientId)).toEqual([1, 3]);
      expect(await database.key('a')).toBeNull();
      expect(await database.key('b')).toEqual(new Uint8Array());
    });

    it('writes all of a batch or nothing', async () => {
      await database.write([messageOf(1, 1, 'kept'), { kind: 'nextClientId', nextClientId: 5 as ClientId }]);
      const batch = [
        messageOf(1, 2, 'lost'),
        { kind: 'nextClientId', nextClientId: 6 as ClientId },
        { kind: 'key', name: 'k', bytes: new Uint8Array([1]) },
        progressOf(7, 1),
      ] as const;
      await expect(database.write(batch)).rejects.toThrow(
        'Conversation 7 is not in the local database; add it before its progress.',
      );
      expect(seqs(await database.page({ conversation: room, before: null, limit: 10 }))).toEqual([1]);
      expect((await database.load()).nextClientId).toBe(5);
      expect(await database.key('k')).toBeNull();
      await database.write([messageOf(1, 2, 'now')]);
      expect(seqs(await database.page({ conversation: room, before: null, limit: 10 }))).toEqual([1, 2]);
    });

    it('keeps the order of writes that do not wait for one another', async () => {
      await database.write([{ kind: 'conversation', conversation: conversationOf(1) }]);
      await Promise.all(Array.from({ length: 50 }, (_, i) => database.write([progressOf(1, i)])));
      expect((await database.load()).conversations[0]!.progress.cursor).toBe(49);
    });

    it('finishes what is being written before it closes', async () => {
      const writing = database.write([messageOf(1, 1, 'last words')]);
      await reopen();
      await writing;
      expect(seqs(await database.page({ conversation: room, before: null, limit: 10 }))).toEqual([1]);
    });

    it('does not change with the objects that it was given or has given', async () => {
      const bytes = new Uint8Array([1, 2]);
      await database.write([{ kind: 'key', name: 'k', bytes }]);
      bytes[0] = 9;
      (await database.key('k'))![1] = 9;
      expect(await database.key('k')).toEqual(new Uint8Array([1, 2]));
    });

    it('names keys by prefix, in order', async () => {
      const names = ['group/2', 'group/10', 'own', 'grou', 'group%'];
      await database.write(names.map((key) => ({ kind: 'key', name: key, bytes: new Uint8Array([1]) })));
      expect(await database.keyNames('group/')).toEqual(['group/10', 'group/2']);
      expect(await database.keyNames('')).toEqual([...names].sort());
    });

    describe('pages', () => {
      beforeEach(async () => {
        const [here, there] = [1, 2].map((id) => [1, 2, 3, 5, 6].map((seq) => messageOf(id, seq, `${id}/${seq}`)));
        await database.write([...there!, ...here!.reverse()]);
      });

      it('go backwards from the end', async () => {
        expect(seqs(await database.page({ conversation: room, before: null, limit: 2 }))).toEqual([5, 6]);
        expect(seqs(await database.page({ conversation: room, before: 5 as Seq, limit: 2 }))).toEqual([2, 3]);
        expect(seqs(await database.page({ conversation: room, before: 2 as Seq, limit: 2 }))).toEqual([1]);
        expect(await database.page({ conversation: room, before: 1 as Seq, limit: 2 })).toEqual([]);
      });

      it('go forwards from a place', async () => {
        expect(seqs(await database.page({ conversation: room, after: 0 as Seq, limit: 2 }))).toEqual([1, 2]);
        expect(seqs(await database.page({ conversation: room, after: 3 as Seq, limit: 9 }))).toEqual([5, 6]);
        expect(await database.page({ conversation: room, after: 6 as Seq, limit: 2 })).toEqual([]);
      });

      it.each([0, -1, 1.5, 501, Number.NaN])('are not %f entries long', async (limit) => {
        await expect(database.page({ conversation: room, before: null, limit })).rejects.toThrow(
          `A limit of ${limit} entries is not possible; ask for 1 to 500.`,
        );
      });
    });

    describe('a search', () => {
      const all = { conversation: null, limit: 10, before: null };

      it('finds parts of words in any case, the newest first', async () => {
        await database.write([
          messageOf(1, 1, 'The Ferry leaves at NOON', 100),
          messageOf(2, 1, 'ferryman', 300),
          messageOf(1, 2, 'nothing', 200),
          messageOf(1, 3, 'no ferry on Sundays', 150),
          { kind: 'entry', entry: entryOf(1, 4, 'ferry', 400), text: null },
        ]);
        expect(places((await database.search({ ...all, text: 'FERRY' })).found)).toEqual(['2/1', '1/3', '1/1']);
        const here = { ...all, conversation: room };
        expect(places((await database.search({ ...here, text: 'ferry' })).found)).toEqual(['1/3', '1/1']);
        expect(await database.search({ ...all, text: 'boat' })).toEqual({ found: [], next: null });
      });

      it('takes special signs as they are', async () => {
        await database.write([
          messageOf(1, 1, '100 % sure'),
          messageOf(1, 2, '1000'),
          messageOf(1, 3, "it's_a \\ 'test'"),
        ]);
        expect(places((await database.search({ ...all, text: '0 %' })).found)).toEqual(['1/1']);
        expect(places((await database.search({ ...all, text: "s_a \\ '" })).found)).toEqual(['1/3']);
      });

      it('finds letters of all scripts in any case', async () => {
        await database.write([
          messageOf(1, 1, 'GRÜSSE aus ÅRHUS'),
          messageOf(1, 2, 'ПРИВЕТ'),
          messageOf(1, 3, 'ﬁnal 😀'),
        ]);
        for (const [text, at] of [
          ['grüsse', '1/1'],
          ['A\u030arhus', '1/1'],
          ['привет', '1/2'],
          ['FINAL 😀', '1/3'],
        ] as const) {
          expect(places((await database.search({ ...all, text })).found)).toEqual([at]);
        }
      });

      it('goes on where it stopped, without loss or repetition', async () => {
        await database.write(Array.from({ length: 9 }, (_, i) => messageOf(1 + (i % 2), i + 1, `tea ${i}`, 7)));
        for (const conversation of [null, room]) {
          const seen: string[] = [];
          let next: SearchPlace | null = null;
          do {
            const result: SearchResult = await database.search({ text: 'tea', conversation, limit: 2, before: next });
            seen.push(...places(result.found));
            next = result.next;
          } while (next !== null);
          const expected = conversation === null ? 9 : 5;
          expect(seen).toHaveLength(expected);
          expect(new Set(seen).size).toBe(expected);
        }
      });

      it('needs something to search for, and a limit', async () => {
        await expect(database.search({ ...all, text: '' })).rejects.toThrow(
          'There is nothing to search for; give at least one character.',
        );
        await expect(database.search({ ...all, text: 'x', limit: 0 })).rejects.toThrow('A limit of 0 entries');
      });
    });

    it('lets nobody else in while it is open', async () => {
      await expect(bench.open()).rejects.toThrow(/in use by another program or window; close that first\.$/);
      await database.write([{ kind: 'account', account }]);
      await reopen();
      expect((await database.load()).account).toEqual(account);
    });

    it('answers nothing once closed, and closes twice without harm', async () => {
      await database.close();
      await database.close();
      const closed = /is closed; open it again\.$/;
      await expect(database.load()).rejects.toThrow(closed);
      await expect(database.write([{ kind: 'account', account }])).rejects.toThrow(closed);
      await expect(database.page({ conversation: room, before: null, limit: 1 })).rejects.toThrow(closed);
    });

    it('is the sum of its writes, whatever they were and whenever it was closed', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          const fresh = await createBench();
          let under = await fresh.open();
          const model = new Map<string, string>();
          try {
            for (const one of steps) {
              if (one === 'restart') {
                await under.close();
                under = await fresh.open();
                continue;
              }
              await under.write(one.map(({ key, value }) => ({ kind: 'key', name: key, bytes: value })));
              for (const { key, value } of one) {
                if (value === null) model.delete(key);
                else model.set(key, value.join());
              }
            }
            const names = await under.keyNames('');
            const found = await Promise.all(names.map(async (key) => [key, (await under.key(key))!.join()] as const));
            expect(new Map(found)).toEqual(model);
          } finally {
            await under.close();
            await fresh.dispose();
          }
        }),
        { numRuns: 25 },
      );
    });
  });
}

const put = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  value: fc.option(fc.uint8Array({ maxLength: 3 }), { nil: null }),
});
const step = fc.oneof(
  { weight: 4, arbitrary: fc.array(put, { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constant('restart' as const) },
);
