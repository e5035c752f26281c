import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { strategies, strategyNamed, strategyNames } from '../../../src/system/balancer/strategies/index.ts';
import { createTwoChoices } from '../../../src/system/balancer/strategies/two-choices.ts';
import type { ServerView, Strategy } from '../../../src/system/balancer/strategy.ts';
import type { ServerId } from '../../../src/system/protocol/ids.ts';
import { createSeededRandom } from '../../../src/system/seeded-random.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';
import { serverStatsOf } from '../../helpers/server-stats.ts';

describe('the registry of strategies', () => {
  it('answers a wrong name with the right ones', () => {
    expect(() => strategyNamed('fastest')).toThrow(
      `There is no strategy "fastest". The strategies are: ${strategyNames.join(', ')}.`,
    );
    expect(() => strategyNamed('toString')).toThrow('There is no strategy "toString".');
  });
});

describe('round-robin', () => {
  it('gives every server one turn before any has a second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 20 }), (count, rounds) => {
        const servers = some(count);
        const strategy = create('round-robin');
        for (let round = 0; round < rounds; round++)
          expect(new Set(servers.map(() => strategy.pick(servers, request))).size).toBe(count);
      }),
    );
  });

  it('never strays more than one turn per server from the share of the weight', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 8 }), (weights) => {
        const servers = weights.map((weight, index) => view(`s${index}`, { weight }));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const strategy = create('round-robin');
        const counts = new Map<ServerId, number>(servers.map(({ id }) => [id, 0]));
        for (let pick = 1; pick <= 3 * total; pick++) {
          const id = strategy.pick(servers, request)!;
          counts.set(id, counts.get(id)! + 1);
          for (const { id, weight } of servers)
            expect(Math.abs(counts.get(id)! - (pick * weight) / total)).toBeLessThanOrEqual(weights.length);
        }
      }),
    );
  });

  it('interleaves the turns of a heavy server with those of light ones', () => {
    const servers = [view('heavy', { weight: 3 }), view('light')];
    const strategy = create('round-robin');
    const turns = Array.from({ length: 8 }, () => strategy.pick(servers, request));
    expect(turns.filter((id) => id === 'light')).toHaveLength(2);
    expect(turns.slice(0, 4)).toContain('light');
    expect(turns.slice(4)).toContain('light');
  });

  it('does not make up for the turns that an absent server missed', () => {
    const [a, b, c] = some(3) as [ServerView, ServerView, ServerView];
    const strategy = create('round-robin');
    for (let pick = 0; pick < 100; pick++) strategy.pick([a, b], request);
    const turns = Array.from({ length: 9 }, () => strategy.pick([a, b, c], request));
    expect(turns.filter((id) => id === c.id)).toHaveLength(3);
  });
});

describe.each([
  ['memory', (server: ServerView) => server.stats!.rssBytes],
  ['cpu', (server: ServerView) => server.stats!.cpuFraction],
  ['least-connections', (server: ServerView) => server.connections / server.weight],
] as const)('%s', (name, cost) => {
  it('takes a server of least cost, always', () => {
    fc.assert(
      fc.property(fc.array(fc.array(load, { minLength: 1, maxLength: 8 }), { maxLength: 20 }), (decisions) => {
        const strategy = create(name);
        for (const loads of decisions) {
          const servers = loads.map(loaded);
          const id = strategy.pick(servers, request);
          const chosen = servers.find((server) => server.id === id)!;
          expect(cost(chosen)).toBe(Math.min(...servers.map(cost)));
        }
      }),
    );
  });

  it('takes turns among equals', () => {
    fc.assert(
      fc.property(load, fc.integer({ min: 1, max: 8 }), (equal, count) => {
        const servers = Array.from({ length: count }, (_, index) => loaded(equal, index));
        const strategy = create(name);
        const turn = () => servers.map(() => strategy.pick(servers, request));
        const first = turn();
        expect(new Set(first).size).toBe(count);
        expect(turn()).toEqual(first);
      }),
    );
  });
});

describe.each(['memory', 'cpu'] as const)('%s', (name) => {
  it('sends everybody to one server until the next probe: it herds, by its rule', () => {
    const servers = [
      loaded({ rss: 2, cpu: 0.2, connections: 0, weight: 1 }, 0),
      loaded({ rss: 1, cpu: 0.1, connections: 900, weight: 1 }, 1),
    ];
    const strategy = create(name);
    const chosen = new Set(Array.from({ length: 100 }, () => strategy.pick(servers, request)));
    expect([...chosen]).toEqual(['s1']);
  });

  it('takes a server without a reading only when nobody has one', () => {
    const strategy = create(name);
    expect(strategy.pick([view('unread'), loaded({ rss: 9, cpu: 9, connections: 0, weight: 1 }, 1)], request)).toBe(
      's1',
    );
    expect(strategy.pick([view('unread')], request)).toBe('unread');
  });
});

describe('cpu', () => {
  it('goes by the CPU between the last two probes, not by the average of a life time', () => {
    const strategy = create('cpu');
    // `old` was busy for an hour and idles now; `young` has just begun and is busy now.
    const probe = (server: string, uptimeMs: number, cpuMicros: number) =>
      strategy.observe!({
        kind: 'probed',
        server: server as ServerId,
        stats: serverStatsOf(server, { uptimeMs, cpuMicros }),
        at: uptimeMs,
      });
    probe('old', 3_600_000, 3_000_000_000);
    probe('old', 3_601_000, 3_000_010_000);
    probe('young', 1_000, 100_000);
    probe('young', 2_000, 900_000);
    expect(strategy.pick([view('old'), view('young')], request)).toBe('old');
  });

  it('uses the reading of a restarted server itself, for its counters began anew', () => {
    const strategy = create('cpu');
    const probe = (server: string, uptimeMs: number, cpuMicros: number, cpuFraction: number) =>
      strategy.observe!({
        kind: 'probed',
        server: server as ServerId,
        stats: serverStatsOf(server, { uptimeMs, cpuMicros, cpuFraction }),
        at: 0,
      });
    probe('restarted', 50_000, 9_000_000, 0.1);
    probe('restarted', 500, 400_000, 0.8);
    probe('steady', 50_000, 9_000_000, 0.1);
    probe('steady', 51_000, 9_500_000, 0.1);
    expect(strategy.pick([view('restarted'), view('steady')], request)).toBe('steady');
  });
});

describe('two-choices', () => {
  it('never takes the fullest of three or more, for one of two drawn is always emptier', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 2, max: 8 }), (seed, count) => {
        const servers = some(count).map((server, index) => ({ ...server, connections: index }));
        const strategy = strategies['two-choices'].create({
          clock: createManualClock(),
          random: createSeededRandom(seed),
        });
        for (let pick = 0; pick < 50; pick++) expect(strategy.pick(servers, request)).not.toBe(servers.at(-1)!.id);
      }),
    );
  });

  it('takes the emptiest of all when as many are drawn as there are, and any when one is drawn', () => {
    const servers = some(4).map((server, index) => ({ ...server, connections: (index + 2) % 4 }));
    const all = createTwoChoices(createSeededRandom(1), { d: 4 });
    const one = createTwoChoices(createSeededRandom(1), { d: 1 });
    const picks = (strategy: Strategy) => new Set(Array.from({ length: 200 }, () => strategy.pick(servers, request)));
    expect([...picks(all)]).toEqual(['s2']);
    expect(picks(one).size).toBe(4);
  });

  it('fills servers far more evenly than one choice does', () => {
    const spread = (strategy: Strategy) => {
      const counts = new Array<number>(10).fill(0);
      for (let pick = 0; pick < 10_000; pick++) {
        const servers = counts.map((connections, index) => view(`s${index}`, { connections }));
        counts[Number(strategy.pick(servers, request)!.slice(1))]!++;
      }
      return Math.max(...counts) - Math.min(...counts);
    };
    expect(spread(create('two-choices'))).toBeLessThan(10);
    expect(spread(create('random'))).toBeGreaterThan(30);
  });
});

// ---

const request = { remote: '192.0.2.1' };

function create(name: keyof typeof strategies): Strategy {
  return strategies[name].create({ clock: createManualClock(), random: createSeededRandom(7) });
}

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

function some(count: number): readonly ServerView[] {
  return Array.from({ length: count }, (_, index) => view(`s${index}`));
}

const load = fc.record({
  rss: fc.nat({ max: 5 }),
  cpu: fc.integer({ min: 0, max: 5 }),
  connections: fc.nat({ max: 5 }),
  weight: fc.integer({ min: 1, max: 3 }),
});
type Load = typeof load extends fc.Arbitrary<infer T> ? T : never;

function loaded({ rss, cpu, connections, weight }: Load, index: number): ServerView {
  const id = `s${index}`;
  return view(id, { connections, weight, stats: serverStatsOf(id, { rssBytes: rss, cpuFraction: cpu }) });
}
