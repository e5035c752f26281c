import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBalancer } from '../../../src/system/balancer/balancer.ts';
import type { BalancerSettings } from '../../../src/system/balancer/contract.ts';
import type { Ms } from '../../../src/system/ports.ts';
import type { ServerStats } from '../../../src/system/protocol/http.ts';
import type { ServerId } from '../../../src/system/protocol/ids.ts';
import { createSeededRandom } from '../../../src/system/seeded-random.ts';
import { createManualClock, type ManualClock } from '../../helpers/manual-clock.ts';
import { serverStatsOf } from '../../helpers/server-stats.ts';

const probeMs = 1000;
const request = { remote: '192.0.2.1' };
const [s1, s2, s3] = ['s1', 's2', 's3'] as [ServerId, ServerId, ServerId];

describe('the balancer', () => {
  it('sends nobody to a server of which nothing is known, and asks at once', async () => {
    const { balancer, clock } = createWorld();
    balancer.start();
    expect(balancer.route(request)).toBeNull();
    await clock.advance(0);
    expect(balancer.route(request)).not.toBeNull();
  });

  it('offers a dead server to nobody within two probe periods, however it died and whenever', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.constantFrom('refuses', 'hangs' as const),
        fc.double({ min: 0, max: 3 * probeMs, noNaN: true }),
        async (seed, how, diesAfterMs) => {
          const { balancer, clock, servers } = createWorld({ seed });
          balancer.start();
          await clock.advance(probeMs + diesAfterMs);
          servers.get(s2)!.state = how;
          await clock.advance(2 * probeMs);
          for (let decision = 0; decision < 20; decision++) expect(balancer.route(request)).not.toBe(s2);
          expect(healthOf(balancer, s2)).toBe(false);
        },
      ),
    );
  });

  it('offers a server no more at once when a connection to it failed, until a probe is answered', async () => {
    const { balancer, clock, servers } = createWorld();
    balancer.start();
    await clock.advance(0);
    servers.get(s1)!.state = 'refuses';
    routeTo(balancer, s1);
    balancer.failed(s1);
    for (let decision = 0; decision < 20; decision++) expect(balancer.route(request)).not.toBe(s1);
    servers.get(s1)!.state = 'answers';
    await clock.advance(probeMs);
    routeTo(balancer, s1);
  });

  it('does not believe an answer that was asked for before the connection failed', async () => {
    const { balancer, clock, servers } = createWorld();
    servers.get(s1)!.delayMs = 300;
    balancer.start();
    await clock.advance(probeMs);
    await clock.advance(untilAsked(servers.get(s1)!, clock));
    routeTo(balancer, s1);
    servers.get(s1)!.state = 'refuses';
    balancer.failed(s1);
    await clock.advance(400);
    expect(healthOf(balancer, s1)).toBe(false);
  });

  it('takes a recovered server back after one good probe', async () => {
    const { balancer, clock, servers } = createWorld();
    balancer.start();
    servers.get(s3)!.state = 'refuses';
    await clock.advance(5 * probeMs);
    expect(healthOf(balancer, s3)).toBe(false);
    servers.get(s3)!.state = 'answers';
    await clock.advance(probeMs);
    expect(healthOf(balancer, s3)).toBe(true);
    routeTo(balancer, s3);
  });

  it('forgives a single late answer', async () => {
    const { balancer, clock, servers } = createWorld();
    balancer.start();
    await clock.advance(2 * probeMs);
    servers.get(s1)!.missNext = 1;
    for (let step = 0; step < 30; step++) {
      await clock.advance(probeMs / 10);
      expect(lostOnce(servers)).toBe(false);
    }
    expect(healthOf(balancer, s1)).toBe(true);
  });

  it('prefers servers without suspicion, and uses a suspected one rather than refuse', async () => {
    const { balancer, clock, servers } = createWorld();
    balancer.start();
    await clock.advance(2 * probeMs);
    servers.get(s1)!.state = 'hangs';
    await clock.advance(untilAsked(servers.get(s1)!, clock) + probeMs / 2);
    for (let decision = 0; decision < 20; decision++) expect(balancer.route(request)).not.toBe(s1);
    expect(balancer.route(request, new Set([s2, s3]))).toBe(s1);
  });

  it('gives a draining server no new connection', async () => {
    const { balancer, clock, servers } = createWorld();
    balancer.start();
    await clock.advance(0);
    servers.get(s2)!.stats = { draining: true };
    await clock.advance(probeMs);
    for (let decision = 0; decision < 20; decision++) expect(balancer.route(request)).not.toBe(s2);
    expect(balancer.route(request, new Set([s1, s3]))).toBeNull();
  });

  it('never offers a server that the caller has tried', async () => {
    const { balancer, clock } = createWorld();
    balancer.start();
    await clock.advance(0);
    for (let decision = 0; decision < 20; decision++) expect(balancer.route(request, new Set([s1, s3]))).toBe(s2);
    expect(balancer.route(request, new Set([s1, s2, s3]))).toBeNull();
  });

  it('asks each server once per period, and not all at the same moment', async () => {
    const { balancer, clock, servers } = createWorld();
    balancer.start();
    await clock.advance(10.5 * probeMs);
    const phases = [...servers.values()].map(({ askedAt }) => askedAt.at(-1)! % probeMs);
    expect(new Set(phases.map(Math.round)).size).toBe(3);
    for (const { askedAt } of servers.values()) {
      expect(askedAt.length).toBeGreaterThanOrEqual(11);
      for (const [index, at] of askedAt.slice(2).entries()) expect(at - askedAt[index + 1]!).toBeCloseTo(probeMs);
    }
  });

  it('counts connections from the decision to the close, whatever happens in between', async () => {
    const { balancer, clock } = createWorld();
    balancer.start();
    await clock.advance(0);
    const moves = fc.array(fc.constantFrom('route', 'close', 'fail'), { maxLength: 60 });
    fc.assert(
      fc.property(moves, (path) => {
        const open: ServerId[] = [];
        for (const move of path) {
          if (move === 'route') {
            const id = balancer.route(request);
            if (id !== null) open.push(id);
          } else if (open.length > 0) {
            if (move === 'close') balancer.closed(open.pop()!);
            else balancer.failed(open.pop()!);
          }
          expect(balancer.stats().connections).toBe(open.length);
        }
        for (const id of open.splice(0)) balancer.closed(id);
        expect(balancer.stats().servers.map(({ connections }) => connections)).toEqual([0, 0, 0]);
      }),
    );
  });

  it('counts what was assigned since the last probe', async () => {
    const { balancer, clock } = createWorld();
    balancer.start();
    await clock.advance(0);
    for (let decision = 0; decision < 9; decision++) balancer.route(request);
    expect(balancer.stats().servers.map(({ assignedSinceProbe }) => assignedSinceProbe)).toEqual([3, 3, 3]);
    expect(balancer.stats().assignedTotal).toBe(9);
    await clock.advance(probeMs);
    expect(balancer.stats().servers.map(({ assignedSinceProbe }) => assignedSinceProbe)).toEqual([0, 0, 0]);
    expect(balancer.stats().servers.map(({ assignedTotal }) => assignedTotal)).toEqual([3, 3, 3]);
  });

  it('asks nobody and waits for nothing once it is stopped', async () => {
    const { balancer, clock, servers } = createWorld();
    balancer.start();
    await clock.advance(3 * probeMs);
    balancer.stop();
    const asked = [...servers.values()].map(({ askedAt }) => askedAt.length);
    await clock.advance(5 * probeMs);
    expect([...servers.values()].map(({ askedAt }) => askedAt.length)).toEqual(asked);
    expect(clock.pending).toBe(0);
  });

  it.each([
    [{ strategy: 'best' }, 'There is no strategy "best". The strategies are: random,'],
    [{ servers: [] }, 'The balancer was given no server; it needs at least one.'],
    [{ servers: [{ id: s1, weight: 0 }] }, 'Server s1 has weight 0;'],
    [
      {
        servers: [
          { id: s1, weight: 1 },
          { id: s1, weight: 1 },
        ],
      },
      'Two servers are called s1;',
    ],
    [{ probeMs: 0 }, 'probeMs is 0; it must be above 0 milliseconds.'],
  ])('refuses settings that make no sense: %j', (settings, sentence) => {
    expect(() => createWorld({ settings })).toThrow(sentence);
  });
});

// ---

interface FakeServer {
  state: 'answers' | 'refuses' | 'hangs';
  stats: Partial<ServerStats>;
  delayMs: Ms;
  /** So many probes are not answered in time. */
  missNext: number;
  readonly askedAt: Ms[];
  readonly log: string[];
}

function createWorld({ seed = 1, settings = {} }: { seed?: number; settings?: Partial<BalancerSettings> } = {}) {
  const clock = createManualClock();
  const log: string[] = [];
  const servers = new Map<ServerId, FakeServer>(
    [s1, s2, s3].map((id) => [id, { state: 'answers', stats: {}, delayMs: 0, missNext: 0, askedAt: [], log }]),
  );
  const balancer = createBalancer(
    {
      clock,
      random: createSeededRandom(seed),
      log: { write: (_level, message) => log.push(message) },
      probe: (id, timeoutMs) => answerOf(id, servers.get(id)!, clock, timeoutMs),
    },
    { servers: [s1, s2, s3].map((id) => ({ id, weight: 1 })), strategy: 'round-robin', probeMs, ...settings },
  );
  return { balancer, clock, servers };
}

function answerOf(id: ServerId, server: FakeServer, clock: ManualClock, timeoutMs: Ms): Promise<ServerStats> {
  server.askedAt.push(clock.now());
  const hangs = server.state === 'hangs' || server.missNext-- > 0;
  if (server.state === 'refuses') return Promise.reject(new Error('connection refused'));
  return new Promise((resolve, reject) => {
    clock.after(hangs ? timeoutMs : server.delayMs, () =>
      hangs ? reject(new Error('no answer in time')) : resolve(serverStatsOf(id, server.stats)),
    );
  });
}

/** Time until the next probe of this server, which comes one period after its last. */
function untilAsked(server: FakeServer, clock: ManualClock): Ms {
  return server.askedAt.at(-1)! + probeMs - clock.now() + 1;
}

function lostOnce(servers: ReadonlyMap<ServerId, FakeServer>): boolean {
  return [...servers.values()].some(({ log }) => log.includes('server lost'));
}

type TestBalancer = ReturnType<typeof createBalancer>;

function healthOf(balancer: TestBalancer, id: ServerId): boolean {
  return balancer.stats().servers.find((server) => server.id === id)!.healthy;
}

/** Leaves the others out, so that only this server can be meant. */
function routeTo(balancer: TestBalancer, id: ServerId): void {
  const others = [s1, s2, s3].filter((other) => other !== id);
  expect(balancer.route(request, new Set(others))).toBe(id);
}
