import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BalancerEvent, ServerView, Strategy, StrategyEntry } from '../../src/system/balancer/strategy.ts';
import type { ServerId } from '../../src/system/protocol/ids.ts';
import { createSeededRandom } from '../../src/system/seeded-random.ts';
import { createManualClock } from '../helpers/manual-clock.ts';
import { serverStatsOf } from '../helpers/server-stats.ts';

/** What every strategy promises, whatever its rule. */
export function strategyContract(name: string, entry: StrategyEntry): void {
  const create = (seed: number) => entry.create({ clock: createManualClock(), random: createSeededRandom(seed) });

  describe(`strategy ${name}`, () => {
    it('answers one of the candidates, and null if and only if there are none', () => {
      fc.assert(
        fc.property(fc.integer(), fc.array(step, { maxLength: 30 }), (seed, steps) => {
          const strategy = create(seed);
          for (const { candidates, event } of steps) {
            const id = strategy.pick(candidates, request);
            expect(id === null).toBe(candidates.length === 0);
            if (id !== null) expect(candidates.map((server) => server.id)).toContain(id);
            if (event !== null) strategy.observe?.(event);
          }
        }),
      );
    });

    it('decides the same for an equal seed and equal events', () => {
      fc.assert(
        fc.property(fc.integer(), fc.array(step, { maxLength: 30 }), (seed, steps) => {
          const decisions = () => {
            const strategy = create(seed);
            return steps.map(({ candidates, event }) => {
              if (event !== null) strategy.observe?.(event);
              return strategy.pick(candidates, request);
            });
          };
          expect(decisions()).toEqual(decisions());
        }),
      );
    });

    it('leaves what it was given as it was', () => {
      fc.assert(
        fc.property(fc.integer(), fc.array(step, { minLength: 1, maxLength: 5 }), (seed, steps) => {
          const strategy = create(seed);
          for (const { candidates } of steps) {
            const before = structuredClone(candidates);
            strategy.pick(candidates, request);
            expect(candidates).toEqual(before);
          }
        }),
      );
    });

    it('uses every server before the first probe', () => {
      const counts = countPicks(create(1), 600, () => [view('a'), view('b'), view('c')]);
      for (const id of ['a', 'b', 'c']) expect(counts.get(id as ServerId) ?? 0).toBeGreaterThan(150);
    });

    it('stays fair to equally loaded servers when candidates come and go', () => {
      fc.assert(
        fc.property(fc.integer(), fc.array(presence, { minLength: 3, maxLength: 12 }), (seed, blocks) => {
          const strategy = create(seed);
          const picksPerBlock = 240;
          const expected = new Map<ServerId, number>();
          const counts = new Map<ServerId, number>();
          for (const ids of blocks) {
            const candidates = ids.map((id) => view(id, { stats: serverStatsOf(id) }));
            for (const { id } of candidates) add(expected, id, picksPerBlock / ids.length);
            for (const [id, count] of countPicks(strategy, picksPerBlock, () => candidates)) add(counts, id, count);
          }
          // Seven standard deviations of the most random rule; a rule that takes turns is far inside.
          for (const [id, share] of expected)
            expect(Math.abs((counts.get(id) ?? 0) - share)).toBeLessThan(7 * Math.sqrt(share) + blocks.length);
        }),
      );
    });

    if (!entry.weighted) return;
    it('gives shares in proportion to the weights', () => {
      fc.assert(
        fc.property(
          fc.integer(),
          fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 2, maxLength: 6 }),
          (seed, weights) => {
            const servers = weights.map((weight, index) => ({ ...view(`s${index}`), weight }));
            const picks = 4000;
            const counts = fillUp(create(seed), servers, picks);
            const total = weights.reduce((sum, weight) => sum + weight, 0);
            for (const { id, weight } of servers) {
              const share = (picks * weight) / total;
              expect(Math.abs(counts.get(id)! - share)).toBeLessThan(7 * Math.sqrt(share) + weights.length);
            }
          },
        ),
        { numRuns: 25 },
      );
    });
  });
}

// ---

const request = { remote: '192.0.2.1' };

function view(id: string, changes: Partial<ServerView> = {}): ServerView {
  return {
    id: id as ServerId,
    weight: 1,
    connections: 0,
    assignedSinceProbe: 0,
    stats: null,
    probedAt: null,
    ...changes,
  };
}

const ids = ['a', 'b', 'c', 'd', 'e'];
const presence = fc.subarray(ids, { minLength: 1 });

const stats = (id: string) =>
  fc
    .record({
      cpuFraction: fc.double({ min: 0, max: 4, noNaN: true }),
      cpuMicros: fc.nat(),
      uptimeMs: fc.nat(),
      rssBytes: fc.nat(),
      inFlight: fc.nat({ max: 100 }),
    })
    .map((changes) => serverStatsOf(id, changes));

const serverView = (id: string): fc.Arbitrary<ServerView> =>
  fc.record({
    id: fc.constant(id as ServerId),
    weight: fc.double({ min: 0.01, max: 100, noNaN: true }),
    connections: fc.nat({ max: 1000 }),
    assignedSinceProbe: fc.nat({ max: 100 }),
    stats: fc.option(stats(id)),
    probedAt: fc.option(fc.nat()),
  });

const candidates = fc.subarray(ids).chain((chosen) => fc.tuple(...chosen.map(serverView)));

const event: fc.Arbitrary<BalancerEvent> = fc.constantFrom(...ids).chain((id) =>
  fc.oneof(
    fc.record({
      kind: fc.constantFrom('opened' as const, 'closed' as const, 'failed' as const, 'lost' as const),
      server: fc.constant(id as ServerId),
      at: fc.nat(),
    }),
    fc.record({
      kind: fc.constant('probed' as const),
      server: fc.constant(id as ServerId),
      stats: stats(id),
      at: fc.nat(),
    }),
  ),
);

const step = fc.record({ candidates, event: fc.option(event) });

function add(counts: Map<ServerId, number>, id: ServerId, count: number): void {
  counts.set(id, (counts.get(id) ?? 0) + count);
}

function countPicks(strategy: Strategy, picks: number, offer: () => readonly ServerView[]): Map<ServerId, number> {
  const counts = new Map<ServerId, number>();
  for (let pick = 0; pick < picks; pick++) add(counts, strategy.pick(offer(), request)!, 1);
  return counts;
}

/** Every pick becomes a connection that stays. */
function fillUp(strategy: Strategy, servers: readonly ServerView[], picks: number): Map<ServerId, number> {
  const counts = new Map<ServerId, number>(servers.map(({ id }) => [id, 0]));
  for (let pick = 0; pick < picks; pick++) {
    const candidates = servers.map((server) => ({ ...server, connections: counts.get(server.id)! }));
    add(counts, strategy.pick(candidates, request)!, 1);
  }
  return counts;
}
