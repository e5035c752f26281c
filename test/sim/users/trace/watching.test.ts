import { describe, expect, it } from 'vitest';
import { type ScenarioInput, scenario } from '../../../../src/sim/scenario.ts';
import { buildTrace, type Trace } from '../../../../src/sim/users/trace/trace.ts';

function traceOf(input: Partial<ScenarioInput> = {}): Trace {
  return buildTrace(
    scenario.parse({
      name: 'test',
      description: 'Users who watch each other.',
      users: 40,
      topology: { kind: 'friends', degree: 4 },
      pace: { kind: 'constant', perSec: 10 },
      warmupMs: 1000,
      measureMs: 9000,
      watch: { each: 3, strangers: 2 },
      waves: { everyMs: 3000, share: 0.5, offlineMs: 1500 },
      cluster: { server: { presenceGraceMs: 1000 } },
      ...input,
    }),
    5,
  );
}

/** Whom each user talks with. */
function acquaintances({ conversations, users }: Trace): Set<number>[] {
  const known = Array.from({ length: users }, () => new Set<number>());
  for (let i = 0; i < conversations.count; i++) {
    const members = conversations.members.subarray(conversations.memberFrom[i], conversations.memberFrom[i + 1]);
    for (const one of members) for (const other of members) if (one !== other) known[one]!.add(other);
  }
  return known;
}

describe('who watches whom', () => {
  it('is as many of those they talk with as asked, and as many strangers, nobody twice', () => {
    const trace = traceOf();
    const known = acquaintances(trace);
    const { from, watched, strange } = trace.watching;
    for (let user = 0; user < trace.users; user++) {
      const own = [...watched.subarray(from[user], from[user + 1])];
      const strangers = own.filter((_, i) => strange[from[user]! + i] === 1);
      expect(new Set(own).size).toBe(own.length);
      expect(own.length - strangers.length).toBe(3);
      expect(strangers).toHaveLength(2);
      for (const one of own) expect(known[user]!.has(one)).toBe(!strangers.includes(one));
    }
  });

  it('is nobody where the scenario does not say so', () => {
    const { watch: _, ...without } = { watch: undefined };
    const trace = traceOf();
    expect(trace.watching.watched.length).toBeGreaterThan(0);
    expect(
      buildTrace(scenario.parse({ name: 'test', description: 'None.', ...without }), 1).watching.watched,
    ).toHaveLength(0);
  });
});

describe('the changes that watchers are to see', () => {
  it('are when the grace period of who went is over, and when they come back', () => {
    const { watching, absences } = traceOf();
    expect(watching.changeAtMs.length).toBe(2 * absences.leaveAtMs.length);
    expect([...new Set(watching.changeAtMs)].sort((a, b) => a - b)).toEqual([4000, 4500, 7000, 7500]);
  });

  it('are none when everybody is back before their grace period is over', () => {
    expect(traceOf({ waves: { everyMs: 3000, share: 0.5, offlineMs: 900 } }).watching.changeAtMs).toHaveLength(0);
  });
});
