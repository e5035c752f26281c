import { describe, expect, it } from 'vitest';
import { type ScenarioInput, scenario } from '../../../../src/sim/scenario.ts';
import { buildTrace, type Trace, traceHash } from '../../../../src/sim/users/trace/trace.ts';
import { changeKinds } from '../../../../src/sim/users/trace/turnover.ts';

const groups: ScenarioInput = {
  name: 'test',
  description: 'Groups.',
  users: 60,
  topology: { kind: 'groups', count: 5, size: 8 },
  pace: { kind: 'constant', perSec: 300 },
  warmupMs: 1000,
  measureMs: 19_000,
};

function traceOf(input: Partial<ScenarioInput> = {}, seed = 4): Trace {
  return buildTrace(scenario.parse({ ...groups, turnover: { perSec: 20, leaveShare: 0.3 }, ...input }), seed);
}

/** The members of each group by plan, change by change. */
function* planOf({ conversations, turnover }: Trace) {
  const groups = Array.from({ length: conversations.count }, (_, c) => [
    ...conversations.members.subarray(conversations.memberFrom[c], conversations.memberFrom[c + 1]),
  ]);
  for (let i = 0; i < turnover.count; i++) {
    const group = groups[turnover.conversation[i]!]!;
    const change = { kind: changeKinds[turnover.kind[i]!]!, user: turnover.user[i]!, atMs: turnover.atMs[i]! };
    yield { ...change, before: [...group], group };
    if (change.kind === 'invite') group.push(change.user);
    else group.splice(group.indexOf(change.user), 1);
  }
}

describe('the turnover of a trace', () => {
  const trace = traceOf();

  it('invites only strangers, sends away only members, and never the admin', () => {
    for (const { kind, user, before } of planOf(trace)) {
      expect(before.includes(user)).toBe(kind !== 'invite');
      if (kind !== 'invite') expect(user).not.toBe(before[0]);
    }
  });

  it('keeps groups between half and twice their size', () => {
    for (const { group } of planOf(trace)) {
      expect(group.length).toBeGreaterThanOrEqual(4);
      expect(group.length).toBeLessThanOrEqual(16);
    }
  });

  it('is as lively as asked, of every kind, in order', () => {
    const kinds = [...trace.turnover.kind].map((kind) => changeKinds[kind]!);
    const count = (kind: string): number => kinds.filter((one) => one === kind).length;
    expect(kinds.length).toBeGreaterThan(20 * 20 * 0.7);
    expect(count('leave') / (count('leave') + count('remove'))).toBeCloseTo(0.3, 0);
    expect(count('invite') / kinds.length).toBeCloseTo(0.5, 1);
    expect(trace.turnover.atMs).toEqual(trace.turnover.atMs.toSorted());
  });

  it('lets only those send who are members by plan, newcomers a second later', () => {
    const events = [...planOf(trace)].map((one, i) => ({ ...one, conversation: trace.turnover.conversation[i]! }));
    const { sends, conversations } = trace;
    for (let i = 0; i < sends.count; i++) {
      const [sender, group, atMs] = [sends.sender[i]!, sends.conversation[i]!, sends.atMs[i]!];
      const last = events.findLast(
        (one) =>
          one.user === sender && one.conversation === group && one.atMs + (one.kind === 'invite' ? 1000 : 0) <= atMs,
      );
      const first = conversations.members
        .subarray(conversations.memberFrom[group], conversations.memberFrom[group + 1])
        .includes(sender);
      expect(last ? last.kind === 'invite' : first).toBe(true);
    }
  });

  it('is drawn by the seed, and moves no other stream', () => {
    expect(traceHash(traceOf())).toBe(traceHash(trace));
    expect(traceOf({}, 5).turnover.user).not.toEqual(trace.turnover.user);
    const without = buildTrace(scenario.parse(groups), 4);
    expect(without.turnover.count).toBe(0);
    expect(without.sends.atMs).toEqual(trace.sends.atMs);
    expect(without.conversations).toEqual(trace.conversations);
  });
});

describe('those who go away together', () => {
  it('are the share asked for, drawn by the seed, all for the same time', () => {
    const { absences, users } = traceOf({ users: 1000, away: { share: 0.3, fromMs: 2000, forMs: 9000 } });
    expect(absences.leaveAtMs.length / users).toBeCloseTo(0.3, 1);
    expect(new Set(absences.leaveAtMs)).toEqual(new Set([2000]));
    expect(new Set(absences.returnAtMs)).toEqual(new Set([11_000]));
  });

  it('stay away when they would have come and gone in the meantime', () => {
    const { absences, users } = traceOf({
      away: { share: 1, fromMs: 2000, forMs: 9000 },
      churn: { stayMeanMs: 1000, offlineMs: 200 },
    });
    for (let user = 0; user < users; user++) {
      const own = Array.from(
        absences.leaveAtMs.subarray(absences.from[user], absences.from[user + 1]),
        (leaveAtMs, n) => ({ leaveAtMs, returnAtMs: absences.returnAtMs[absences.from[user]! + n]! }),
      );
      expect(own.some(({ leaveAtMs, returnAtMs }) => leaveAtMs <= 2000 && returnAtMs >= 11_000)).toBe(true);
      for (const [n, { leaveAtMs }] of own.entries()) {
        if (n > 0) expect(leaveAtMs).toBeGreaterThan(own[n - 1]!.returnAtMs);
      }
    }
  });
});
