import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientId } from '../../../src/system/protocol/ids.ts';
import { createFence, enter, hold, mayBeWritten, settle } from '../../../src/system/server/fence.ts';

const id = (n: number) => n as ClientId;
const operation = (clientId: number, arrival = clientId) => ({ clientId: id(clientId), arrival });

describe('a fence', () => {
  it('lets what was refused through again in the first order only', () => {
    const fence = createFence(0);
    for (const n of [1, 2, 3]) hold(fence, operation(n));
    expect([3, 2, 1, 3, 2, 3].map((n) => enter(fence, id(n)))).toEqual([false, false, true, false, true, true]);
  });

  it('holds up what was queued behind the one that failed, not what was queued before it', () => {
    const fence = createFence(0);
    hold(fence, operation(2));
    expect([1, 2, 3].map((n) => mayBeWritten(fence, operation(n)))).toEqual([true, false, false]);
  });

  it('takes one back that failed again, and with it those behind it', () => {
    const fence = createFence(0);
    for (const n of [1, 2]) hold(fence, operation(n));
    expect([enter(fence, id(1)), enter(fence, id(2))]).toEqual([true, true]);
    hold(fence, operation(1, 3));
    expect(mayBeWritten(fence, operation(2, 4))).toBe(false);
    hold(fence, operation(2, 4));
    expect([enter(fence, id(2)), enter(fence, id(1)), enter(fence, id(2))]).toEqual([false, true, true]);
  });

  it('has no purpose once all have their answer', () => {
    const fence = createFence(0);
    for (const n of [1, 2]) hold(fence, operation(n));
    expect([settle(fence, id(1)), settle(fence, id(7)), settle(fence, id(2))]).toEqual([false, false, true]);
  });

  it('keeps the order of any client that repeats whatever it likes, whatever fails', () => {
    const attempt = fc.record({ clientId: fc.integer({ min: 1, max: 6 }), fails: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(attempt, { maxLength: 60 }), (first, attempts) => {
        const fence = createFence(0);
        for (let n = 1; n <= first; n++) hold(fence, operation(n));
        const written: number[] = [];
        for (const [i, { clientId, fails }] of attempts.entries()) {
          const again = operation(clientId, 100 + i);
          if (clientId > first || written.includes(clientId) || !enter(fence, id(clientId))) continue;
          if (!mayBeWritten(fence, again)) continue;
          if (fails) hold(fence, again);
          else {
            settle(fence, id(clientId));
            written.push(clientId);
          }
        }
        expect(written).toEqual(Array.from(written, (_, i) => i + 1));
      }),
    );
  });
});
