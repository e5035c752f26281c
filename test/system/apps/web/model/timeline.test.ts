import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTimeline, timelineSizes } from '../../../../../src/system/apps/web/model/timeline.ts';
import type { ConversationId, HistoryRange, Item, Seq, UserName } from '../../../../../src/system/browser.ts';

const room = 1 as ConversationId;

describe('the part of a conversation that is shown', () => {
  it('is one run without a gap and not too long, wherever one scrolls and whatever comes meanwhile', async () => {
    const act = fc.constantFrom('older', 'newer', 'toEnd', 'toPlace', 'arrive', 'arriveWatched');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 600 }), fc.array(act, { maxLength: 25 }), async (begin, acts) => {
        const all = Array.from({ length: begin }, (_, at) => itemAt(at + 1));
        const timeline = createTimeline(room, async (range) => pageOf(all, range));
        await timeline.toEnd();
        for (const what of acts) {
          if (what === 'arrive' || what === 'arriveWatched') {
            all.push(itemAt(all.length + 1));
            timeline.take(all.at(-1)!, what === 'arriveWatched');
          } else if (what === 'toPlace') await timeline.toPlace(Math.ceil((all.length + 1) / 2) as Seq);
          else await timeline[what]();
          const seqs = timeline.items.value.map(({ seq }) => seq);
          expect(seqs).toEqual(seqs.map((_, at) => seqs[0]! + at));
          expect(seqs.length).toBeLessThanOrEqual(timelineSizes.most);
          if (!timeline.hasNewer.value) expect(seqs.at(-1) ?? 0).toBe(all.length);
          if (!timeline.hasOlder.value && seqs.length > 0) expect(seqs[0]).toBe(1);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('reaches both ends', async () => {
    const all = Array.from({ length: 1000 }, (_, at) => itemAt(at + 1));
    const timeline = createTimeline(room, async (range) => pageOf(all, range));
    await timeline.toEnd();
    while (timeline.hasOlder.value) await timeline.older();
    expect(timeline.items.value[0]!.seq).toBe(1);
    expect(timeline.hasNewer.value).toBe(true);
    while (timeline.hasNewer.value) await timeline.newer();
    expect(timeline.items.value.at(-1)!.seq).toBe(1000);
  });

  it('shows what came while it was being read', async () => {
    const reading = Promise.withResolvers<readonly Item[]>();
    const timeline = createTimeline(room, () => reading.promise);
    const shown = timeline.toEnd();
    timeline.take(itemAt(2), true);
    reading.resolve([itemAt(1)]);
    await shown;
    expect(timeline.items.value.map(({ seq }) => seq)).toEqual([1, 2]);
  });
});

// ---

function itemAt(seq: number): Item {
  const content = { kind: 'text', text: String(seq) } as const;
  return { conversation: room, seq: seq as Seq, at: seq, sender: 'ada' as UserName, isOwn: false, id: null, content };
}

function pageOf(all: readonly Item[], range: HistoryRange): readonly Item[] {
  const limit = range.limit ?? 50;
  if ('after' in range) return all.filter(({ seq }) => seq > range.after).slice(0, limit);
  return all.filter(({ seq }) => seq < (range.before ?? Number.POSITIVE_INFINITY)).slice(-limit);
}
