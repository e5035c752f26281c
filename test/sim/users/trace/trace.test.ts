import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ScenarioInput, scenario } from '../../../../src/sim/scenario.ts';
import { absenceEvents } from '../../../../src/sim/users/trace/absences.ts';
import { sendsOf } from '../../../../src/sim/users/trace/sends.ts';
import { buildTrace, type Trace, traceHash, usersOf } from '../../../../src/sim/users/trace/trace.ts';

function resolve(input: Partial<ScenarioInput> = {}) {
  return scenario.parse({
    name: 'test',
    description: 'A trace.',
    users: 40,
    pace: { kind: 'constant', perSec: 500 },
    rampMs: 1000,
    warmupMs: 1000,
    measureMs: 9000,
    ...input,
  });
}

function membersOf({ conversations }: Trace, index: number): number[] {
  return [...conversations.members.subarray(conversations.memberFrom[index], conversations.memberFrom[index + 1])];
}

function countBy(values: Iterable<number>): number[] {
  const counts: number[] = [];
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

const topologies: [string, Partial<ScenarioInput>][] = [
  ['pairs', { topology: { kind: 'pairs' } }],
  ['friends', { topology: { kind: 'friends', degree: 5 } }],
  ['groups', { topology: { kind: 'groups', count: 7, size: 12, skew: 1 } }],
  ['churning friends', { topology: { kind: 'friends', degree: 5 }, churn: { stayMeanMs: 2000, offlineMs: 300 } }],
  [
    'friends who go away together',
    { topology: { kind: 'friends', degree: 5 }, away: { share: 0.5, fromMs: 2000, forMs: 5000 } },
  ],
  [
    'friends who watch each other and go away in waves',
    {
      topology: { kind: 'friends', degree: 5 },
      watch: { each: 8, strangers: 3 },
      waves: { everyMs: 3000, share: 0.4, offlineMs: 1000 },
      cluster: { server: { presenceGraceMs: 400 } },
      typing: { forMs: 500 },
    },
  ],
  [
    'groups with images',
    {
      topology: { kind: 'groups', count: 7, size: 12 },
      images: { perSec: 20, medianBytes: 50_000, sigma: 1, maxBytes: 300_000 },
    },
  ],
  [
    'lognormal',
    {
      activity: { kind: 'lognormal', sigma: 1.5 },
      payload: { kind: 'lognormal', medianBytes: 300, sigma: 2, maxBytes: 9000 },
    },
  ],
];

describe.each(topologies)('a trace of %s', (_, input) => {
  const trace = buildTrace(resolve(input), 11);

  it('is the same for the same seed, and another for another', () => {
    expect(traceHash(buildTrace(resolve(input), 11))).toBe(traceHash(trace));
    expect(traceHash(buildTrace(resolve(input), 12))).not.toBe(traceHash(trace));
  });

  it('lets only members send', () => {
    const { sender, conversation, count } = trace.sends;
    for (let i = 0; i < count; i++) expect(membersOf(trace, conversation[i]!)).toContain(sender[i]);
    const { images } = trace;
    for (let i = 0; i < images.count; i++) {
      expect(membersOf(trace, images.conversation[i]!)).toContain(images.sender[i]);
    }
  });

  it('keeps everything within its bounds', () => {
    expect(trace.connectAtMs.every((at) => at >= 0 && at < 1000)).toBe(true);
    expect(trace.sends.atMs.every((at) => at >= 0 && at < 10_000)).toBe(true);
    expect(trace.images.bytes.every((bytes) => bytes >= 64 && bytes <= 300_000)).toBe(true);
    expect(trace.sends.bytes.every((bytes) => bytes >= 32 && bytes <= 9000)).toBe(true);
  });

  it('lets nobody send who is away', () => {
    const { from, leaveAtMs, returnAtMs } = trace.absences;
    const away = [...trace.sends.sender].filter((user, i) => {
      const returns = returnAtMs.subarray(from[user], from[user + 1]);
      return leaveAtMs
        .subarray(from[user], from[user + 1])
        .some((leaves, n) => leaves <= trace.sends.atMs[i]! && trace.sends.atMs[i]! < returns[n]!);
    });
    expect(away).toEqual([]);
  });
});

describe('a trace', () => {
  it('does not depend on the strategy, the servers or what is measured', () => {
    const hash = traceHash(buildTrace(resolve(), 1));
    const cluster = { strategy: 'random', servers: [{ cpuShare: 0.5 }], server: { heartbeatMs: 1 } };
    expect(traceHash(buildTrace(resolve({ cluster, thresholds: ['lost == 0'], drainMs: 1 }), 1))).toBe(hash);
  });

  it('moves no other stream when a user is added', () => {
    const input: Partial<ScenarioInput> = { churn: { stayMeanMs: 2000, offlineMs: 300 } };
    const [less, more] = [40, 41].map((users) => buildTrace(resolve({ ...input, users }), 1)) as [Trace, Trace];
    expect(more.connectAtMs.subarray(0, 40)).toEqual(less.connectAtMs);
    expect(more.absences.leaveAtMs.subarray(0, less.absences.leaveAtMs.length)).toEqual(less.absences.leaveAtMs);
    expect(more.sends.atMs).toEqual(less.sends.atMs);
  });

  it('gives each user at least as many friends as asked, nobody twice, nobody themselves', () => {
    const trace = buildTrace(resolve({ topology: { kind: 'friends', degree: 5 } }), 3);
    const pairs = Array.from({ length: trace.conversations.count }, (_, i) =>
      membersOf(trace, i).sort((a, b) => a - b),
    );
    expect(new Set(pairs.map(String)).size).toBe(pairs.length);
    expect(pairs.every(([a, b]) => a !== b)).toBe(true);
    expect(Math.min(...countBy(pairs.flat()))).toBeGreaterThanOrEqual(5);
  });

  it('spreads messages over groups by Zipf’s law', () => {
    const trace = buildTrace(
      resolve({ topology: { kind: 'groups', count: 4, size: 5, skew: 1 }, pace: { kind: 'constant', perSec: 5000 } }),
      3,
    );
    const counts = countBy(trace.sends.conversation);
    const shares = [1, 1 / 2, 1 / 3, 1 / 4].map((weight) => weight / (25 / 12));
    for (const [i, share] of shares.entries()) expect(counts[i]! / trace.sends.count).toBeCloseTo(share, 1);
  });

  it('lets active users send more', () => {
    const even = buildTrace(resolve({ activity: { kind: 'even' } }), 3);
    const uneven = buildTrace(resolve({ activity: { kind: 'lognormal', sigma: 1 } }), 3);
    expect(Math.max(...countBy(uneven.sends.sender))).toBeGreaterThan(2 * Math.max(...countBy(even.sends.sender)));
  });

  it('of one user is empty but not an error', () => {
    expect(buildTrace(resolve({ users: 1 }), 1).sends.count).toBe(0);
    expect(buildTrace(resolve({ users: 1, topology: { kind: 'friends', degree: 3 } }), 1).sends.count).toBe(0);
  });
});

describe('the share of a worker', () => {
  it('is whole users, each in exactly one, pairs together, evenly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 9 }), (users, workers) => {
        const shares = Array.from({ length: workers }, (_, worker) => [...usersOf(worker, { users, workers })]);
        expect(shares.flat()).toEqual(Array.from({ length: users }, (_, user) => user));
        const sizes = shares.map((share) => share.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(3);
        for (const share of shares) expect((share[0] ?? 0) % 2).toBe(0);
      }),
    );
  });

  it('has the sends and the comings and goings of its users, in order', () => {
    const trace = buildTrace(resolve({ churn: { stayMeanMs: 2000, offlineMs: 300 } }), 5);
    const shares = [0, 1, 2].map((worker) => usersOf(worker, { users: 40, workers: 3 }));
    const sends = shares.map((share) => sendsOf(trace.sends, (user) => share.includes(user)));
    const all = Array.from({ length: trace.sends.count }, (_, i) => i);
    expect(sends.flatMap(({ index }) => [...index]).sort((a, b) => a - b)).toEqual(all);
    const comings = absenceEvents(trace.absences, shares[1]!);
    expect(comings.atMs).toEqual(comings.atMs.toSorted());
    for (const user of shares[1]!) {
      const own = [...comings.leaves].filter((_, i) => comings.user[i] === user);
      expect(own).toEqual(own.map((_, i) => (i % 2 === 0 ? 1 : 0)));
    }
  });
});
