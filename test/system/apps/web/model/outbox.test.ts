import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createOutbox, type OwnText, type Pending, unkept } from '../../../../../src/system/apps/web/model/outbox.ts';
import type { ConversationId, LocalId } from '../../../../../src/system/browser.ts';

const room = 1 as ConversationId;
const what = { conversation: room, text: 'hello', at: 5, after: 0 as LocalId };

describe('the outbox of a tab', () => {
  it('is there again after a reload, until its texts are known to be kept', () => {
    const kept = new Map<string, string>();
    const storage = {
      get: (key: string) => kept.get(key) ?? null,
      set: (key: string, value: string | null) => void (value === null ? kept.delete(key) : kept.set(key, value)),
    };
    const first = createOutbox(storage).add(what);
    const reloaded = createOutbox(storage);
    expect(reloaded.all.value).toEqual([first]);
    const second = reloaded.add({ ...what, text: 'again' });
    expect(second.key).not.toBe(first.key);
    reloaded.remove(first.key);
    expect(createOutbox(storage).all.value).toEqual([second]);
    reloaded.remove(second.key);
    expect(kept.size).toBe(0);
  });

  it('begins empty when the storage holds nonsense', () => {
    expect(createOutbox({ get: () => '{"', set: () => {} }).all.value).toEqual([]);
  });
});

describe('what the messenger does not have', () => {
  it('is every text that was not taken before the page went away, whatever was taken and however alike they are', () => {
    const texts = fc.array(fc.record({ text: fc.constantFrom('a', 'b'), taken: fc.boolean() }), { maxLength: 8 });
    const earlier = fc.array(fc.constantFrom('a', 'b'), { maxLength: 4 });
    fc.assert(
      fc.property(texts, earlier, (wanted, before) => {
        const own: OwnText[] = before.map((text, at) => ({ id: (at + 1) as LocalId, conversation: room, text }));
        const after = before.length as LocalId;
        const pending: Pending[] = wanted.map(({ text }, at) => ({
          key: `p${at}`,
          conversation: room,
          text,
          at,
          after,
        }));
        let next = before.length;
        for (const { text, taken } of wanted) if (taken) own.push({ id: ++next as LocalId, conversation: room, text });
        const missing = unkept(pending, own);
        const count = (all: readonly { readonly text: string }[], text: string) =>
          all.filter((one) => one.text === text).length;
        for (const text of ['a', 'b']) {
          expect(count(missing, text)).toBe(wanted.filter((one) => one.text === text && !one.taken).length);
        }
      }),
    );
  });

  it('is not found in another conversation', () => {
    const own = [{ id: 1 as LocalId, conversation: 2 as ConversationId, text: 'hello' }];
    expect(unkept([{ ...what, key: 'p1' }], own)).toHaveLength(1);
  });
});
