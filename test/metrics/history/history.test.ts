import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createHistoryWriter,
  createMemoryHistory,
  describeEvent,
  eventKinds,
  eventOps,
  firstDivergence,
  type History,
  type HistoryEvent,
  historyHash,
  readHistory,
} from '../../../src/metrics/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nawaab-history-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const event: fc.Arbitrary<HistoryEvent> = fc.record({
  t: fc.double({ min: 0, max: 1e7, noNaN: true }),
  actor: fc.integer({ min: -1, max: 1e6 }),
  session: fc.nat(1e6),
  kind: fc.constantFrom(...eventKinds),
  op: fc.constantFrom(...eventOps),
  conversation: fc.maxSafeNat(),
  seq: fc.nat(),
  clientId: fc.maxSafeNat(),
  peer: fc.integer({ min: -1, max: 1e6 }),
  detail: fc.oneof(fc.constantFrom('', 's1', 'busy'), fc.string({ unit: 'grapheme' })),
});
const events = fc.array(event, { maxLength: 200 }).map((list) => list.toSorted((a, b) => a.t - b.t));

describe('a recorded history', () => {
  it('is read back as it was written, every field exactly', async () => {
    await fc.assert(
      fc.asyncProperty(events, async (written) => {
        expect(await eventsIn(readHistory([await record('a', written)]))).toEqual(written);
      }),
      { numRuns: 60 },
    );
  });

  it('of several workers is one history in the order of time, and each worker keeps its own order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(events, { minLength: 1, maxLength: 4 }), async (workers) => {
        const tagged = workers.map((list, worker) => list.map((one) => ({ ...one, actor: worker })));
        const paths = await Promise.all(tagged.map((list, worker) => record(`w${worker}`, list)));
        const merged = await eventsIn(readHistory(paths));
        expect(merged.map(({ t }) => t)).toEqual(merged.map(({ t }) => t).toSorted((a, b) => a - b));
        tagged.forEach((list, worker) => {
          expect(merged.filter(({ actor }) => actor === worker)).toEqual(list);
        });
      }),
      { numRuns: 40 },
    );
  });

  it('holds across chunks, and reads the same a second time', async () => {
    const written = numbered(20_000);
    const history = readHistory([await record('long', written)]);
    expect(await eventsIn(history)).toEqual(written);
    expect(await historyHash(history)).toBe(await historyHash(createMemoryHistory(written)));
    expect(history.cut()).toEqual([]);
  });

  it('cut short by a crash is read up to its last whole chunk, and says so', async () => {
    const written = numbered(20_000);
    const path = await record('killed', written);
    truncateSync(path, statSync(path).size - 5);
    const history = readHistory([path]);
    expect(await eventsIn(history)).toEqual(written.slice(0, 2 * 8192));
    expect(history.cut()).toEqual([path]);
  });

  it('is written at least once in a second of its own time, so that a crash loses no more', async () => {
    const path = join(folder, 'quiet');
    const writer = createHistoryWriter(path);
    for (const one of numbered(5)) writer.add({ ...one, t: one.t * 110_000 });
    await writer.close();
    truncateSync(path, statSync(path).size - 5);
    expect(await eventsIn(readHistory([path]))).toHaveLength(4);
  });

  it('that is none is refused in one sentence', async () => {
    const path = join(folder, 'other');
    writeFileSync(path, 'something else');
    await expect(eventsIn(readHistory([path]))).rejects.toThrow(/other is not a recorded history/);
  });

  it('of a newer version is refused, naming what is unknown', async () => {
    const path = join(folder, 'newer');
    const header = { format: 'nawaab-history', schema: 1, kinds: [...eventKinds, 'teleport'], ops: eventOps };
    writeFileSync(path, `${JSON.stringify(header).padEnd(1023)}\n`);
    await expect(eventsIn(readHistory([path]))).rejects.toThrow(/newer version.*"teleport"/);
  });
});

describe('two histories', () => {
  it('are equal exactly when their hashes are, and else the first differing event is named', async () => {
    await fc.assert(
      fc.asyncProperty(events, fc.nat(), event, async (list, position, other) => {
        const first = createMemoryHistory(list);
        const index = position % (list.length + 1);
        const second = createMemoryHistory([...list.slice(0, index), other, ...list.slice(index + 1)]);
        const divergence = await firstDivergence(first, second);
        expect((await historyHash(first)) === (await historyHash(second))).toBe(divergence === null);
        if (divergence) {
          expect(divergence).toEqual({ index, first: list[index] ?? null, second: other });
        }
      }),
    );
  });
});

describe('an event', () => {
  it('is told in one line', () => {
    expect(describeEvent({ ...numbered(4)[3]!, t: 12.3456, peer: 2, detail: 's1' })).toBe(
      '12.346 ms user 3 (session 1) ok send conversation 1 seq 4 client id 4 peer 2 "s1"',
    );
    expect(
      describeEvent({
        ...numbered(1)[0]!,
        actor: -1,
        kind: 'mark',
        op: 'phase',
        conversation: 0,
        clientId: 0,
        detail: 'drain',
      }),
    ).toBe('0.000 ms laboratory mark phase "drain"');
  });
});

// ---

async function record(name: string, list: readonly HistoryEvent[]): Promise<string> {
  const path = join(folder, name);
  const writer = createHistoryWriter(path);
  for (const one of list) writer.add(one);
  await writer.close();
  return path;
}

async function eventsIn(history: History): Promise<HistoryEvent[]> {
  const list: HistoryEvent[] = [];
  for await (const batch of history) list.push(...batch);
  return list;
}

function numbered(count: number): HistoryEvent[] {
  return Array.from({ length: count }, (_, i) => ({
    t: i / 100,
    actor: i % 7,
    session: 1,
    kind: 'ok',
    op: 'send',
    conversation: 1,
    seq: i + 1,
    clientId: i + 1,
    peer: -1,
    detail: '',
  }));
}
