import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus, Hint } from '../../src/system/database/bus.ts';
import type { ConversationId, Seq, UserId } from '../../src/system/protocol/ids.ts';

/** One bus, joined by several servers. */
export interface BusWorld {
  join(): Promise<Bus>;
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
      const [from, first, second] = await joinAll(world, 's1', 's2', 's3');
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
      const [from, other] = await joinAll(world, 's1', 's2');
      from.bus.publish([hint(1, 1)]);
      await other.received(1);
      other.bus.publish([hint(2, 2)]);
      expect(await from.received(1)).toEqual([hint(2, 2)]);
    });

    it('carries nothing after close', async () => {
      const [from, closed, open] = await joinAll(world, 's1', 's2', 's3');
      await closed.bus.close();
      closed.bus.publish([hint(9, 9)]);
      from.bus.publish([hint(1, 1)]);
      expect(await open.received(1)).toEqual([hint(1, 1)]);
      expect(closed.all()).toEqual([]);
    });
  });
}

/** A bus with what it has received. */
export interface Listener {
  readonly bus: Bus;
  all(): readonly Hint[];
  /** Resolves with all hints so far once there are at least `count`. */
  received(count: number): Promise<readonly Hint[]>;
}

export async function joinAll<const N extends string[]>(
  world: BusWorld,
  ...servers: N
): Promise<{ [K in keyof N]: Listener }> {
  const listeners = await Promise.all(servers.map(async () => listen(await world.join())));
  return listeners as { [K in keyof N]: Listener };
}

export function hint(conversation: number, seq: number): Hint {
  return { conversation: conversation as ConversationId, seq: seq as Seq };
}

// ---

function listen(bus: Bus): Listener {
  const hints: Hint[] = [];
  let waiting: { count: number; resolve: (hints: readonly Hint[]) => void }[] = [];
  bus.subscribe((more) => {
    hints.push(...more);
    const due = waiting.filter(({ count }) => hints.length >= count);
    waiting = waiting.filter(({ count }) => hints.length < count);
    for (const { resolve } of due) resolve(hints);
  });
  return {
    bus,
    all: () => hints,
    received: (count) =>
      hints.length >= count
        ? Promise.resolve(hints)
        : new Promise((resolve) => {
            waiting.push({ count, resolve });
          }),
  };
}
