import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus, Hint } from '../../src/system/database/bus.ts';
import type { Signal } from '../../src/system/database/signal.ts';
import type { ConversationId, Seq, UserId, UserName } from '../../src/system/protocol/ids.ts';

/** One bus, joined by several servers. */
export interface BusWorld {
  join(): Promise<Bus>;
  /** So many signals may go before a hint that was published after them; the default is all. */
  readonly signalsAhead?: number;
  dispose(): Promise<void>;
}

/** What every bus promises while nothing is broken. */
export function busContract(name: string, createWorld: () => Promise<BusWorld>): void {
  describe(`a bus: ${name}`, () => {
    let world: BusWorld;

    beforeEach(async () => {
      world = await createWorld();
    });
    afterEach(async () => {
      await world.dispose();
    });

    it('carries a hint with all its parts to every other server', async () => {
      const [from, first, second] = await joinAll(world, 3);
      const sent: Hint = {
        ...hint(7, 3),
        frame: '{"type":"message"}',
        device: 4,
        affected: [1 as UserId, 2 as UserId],
      };
      from.bus.publish([sent]);
      expect(await first.received(1)).toEqual([sent]);
      expect(await second.received(1)).toEqual([sent]);
    });

    it('does not bring back one’s own hints', async () => {
      const [from, other] = await joinAll(world, 2);
      from.bus.publish([hint(1, 1)]);
      await other.received(1);
      other.bus.publish([hint(2, 2)]);
      expect(await from.received(1)).toEqual([hint(2, 2)]);
    });

    it('loses nothing while nothing is broken, and brings frames whole', async () => {
      const [from, other] = await joinAll(world, 2);
      let expected = 0;
      const hints = fc.array(arbitraryHint, { maxLength: 20 });
      await fc.assert(
        fc.asyncProperty(fc.array(hints, { maxLength: 4 }), async (calls) => {
          const start = expected;
          for (const call of calls) from.bus.publish(call);
          expected += calls.flat().length;
          const received = (await other.received(expected)).slice(start);
          expect(received).toEqual(calls.flat());
        }),
        { numRuns: 25 },
      );
    });

    it('works both ways at once', async () => {
      const [first, second] = await joinAll(world, 2);
      for (let seq = 1; seq <= 50; seq++) {
        first.bus.publish([hint(1, seq)]);
        second.bus.publish([hint(2, seq)]);
      }
      expect((await second.received(50)).every((one) => 'seq' in one && one.conversation === 1)).toBe(true);
      expect((await first.received(50)).every((one) => 'seq' in one && one.conversation === 2)).toBe(true);
    });

    it('carries signals to every other server, whole and in order, and not back', async () => {
      const [from, first, second] = await joinAll(world, 3);
      const signals = Array.from({ length: 300 }, (_, i) => receipt(i + 1, 'anna'));
      from.bus.signal(signals.slice(0, 100));
      from.bus.signal(signals.slice(100));
      expect(await first.signalled(300)).toEqual(signals);
      expect(await second.signalled(300)).toEqual(signals);
      expect(from.allSignals()).toEqual([]);
      expect(from.bus.signalsDropped).toBe(0);
    });

    it('hints come before signals that were there first, if those are many', async () => {
      const [from, other] = await joinAll(world, 2);
      from.bus.signal(Array.from({ length: 3000 }, (_, i) => receipt(i + 1, 'anna')));
      from.bus.publish([hint(1, 1)]);
      await other.received(1);
      await other.signalled(3000);
      expect(other.signalsAtFirstHint()).toBeLessThanOrEqual(world.signalsAhead ?? 3000);
    });

    it('may be closed twice, and closing one leaves the others at work', async () => {
      const [from, closed, open] = await joinAll(world, 3);
      await closed.bus.close();
      await closed.bus.close();
      from.bus.publish([hint(1, 1)]);
      await open.received(1);
    });

    it('carries nothing after close', async () => {
      const [from, closed, open] = await joinAll(world, 3);
      await closed.bus.close();
      closed.bus.publish([hint(9, 9)]);
      closed.bus.signal([receipt(9, 'anna')]);
      from.bus.publish([hint(1, 1)]);
      expect(await open.received(1)).toEqual([hint(1, 1)]);
      expect(closed.all()).toEqual([]);
      expect(open.allSignals()).toEqual([]);
    });
  });
}

/** Hints as servers make them: a frame of any JSON that is small enough to travel along. */
const arbitraryEntryHint: fc.Arbitrary<Hint> = fc
  .record(
    {
      conversation: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      frame: fc.string({ unit: 'binary', maxLength: 600 }).map((text) => JSON.stringify({ text })),
      device: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      affected: fc.array(fc.integer({ min: 1, max: 1e9 }), { maxLength: 3 }),
    },
    { requiredKeys: ['conversation', 'seq'] },
  )
  .map((parts) => parts as unknown as Hint);

export const arbitraryHint: fc.Arbitrary<Hint> = fc.oneof(
  { weight: 9, arbitrary: arbitraryEntryHint },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map((user) => ({ ended: user as UserId })),
  },
);

/** A bus with what it has received. */
export interface Listener {
  readonly bus: Bus;
  all(): readonly Hint[];
  /** Resolves with all hints so far once there are at least `count`. */
  received(count: number): Promise<readonly Hint[]>;
  allSignals(): readonly Signal[];
  signalled(count: number): Promise<readonly Signal[]>;
  /** How many signals had come before the first hint. */
  signalsAtFirstHint(): number;
}

/** Ends of the bus for `count` servers. */
export async function joinAll(world: BusWorld, count: 2): Promise<[Listener, Listener]>;
export async function joinAll(world: BusWorld, count: 3): Promise<[Listener, Listener, Listener]>;
export async function joinAll(world: BusWorld, count: number): Promise<Listener[]> {
  return await Promise.all(Array.from({ length: count }, async () => listen(await world.join())));
}

export function hint(conversation: number, seq: number): Hint {
  return { conversation: conversation as ConversationId, seq: seq as Seq };
}

export function receipt(seq: number, user: string): Signal {
  const upTo = seq as Seq;
  return {
    kind: 'receipt',
    conversation: 1 as ConversationId,
    user: user as UserName,
    delivered: upTo,
    read: upTo,
    at: upTo,
  };
}

export function listen(bus: Bus): Listener {
  const hints = collect<Hint>();
  const signals = collect<Signal>();
  let signalsAtFirstHint = 0;
  bus.subscribe((more) => {
    if (hints.all.length === 0) signalsAtFirstHint = signals.all.length;
    hints.add(more);
  });
  bus.onSignals(signals.add);
  return {
    bus,
    all: () => hints.all,
    received: hints.reached,
    allSignals: () => signals.all,
    signalled: signals.reached,
    signalsAtFirstHint: () => signalsAtFirstHint,
  };
}

// ---

function collect<T>() {
  const all: T[] = [];
  let waiting: { count: number; resolve: (all: readonly T[]) => void }[] = [];
  return {
    all,
    add(more: readonly T[]): void {
      all.push(...more);
      const due = waiting.filter(({ count }) => all.length >= count);
      waiting = waiting.filter(({ count }) => all.length < count);
      for (const { resolve } of due) resolve(all);
    },
    reached: (count: number): Promise<readonly T[]> =>
      all.length >= count
        ? Promise.resolve(all)
        : new Promise((resolve) => {
            waiting.push({ count, resolve });
          }),
  };
}
