import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CheckName,
  checkNames,
  createMemoryHistory,
  type HistoryEvent,
  judge,
  type Verdict,
} from '../../../src/metrics/index.ts';
import { directTalk, event, timed } from './histories.ts';
import { mutations } from './mutations.ts';
import { correctHistory } from './random-history.ts';

describe.each(mutations)('when $what', ({ kills, mayKill, spoil, of = correctHistory }) => {
  it(`${kills.join(' and ')} must fail, and no check that should not`, async () => {
    await fc.assert(
      fc.asyncProperty(of, fc.nat(1000), async (events, pick) => {
        const mutant = spoil(events, pick);
        fc.pre(mutant !== null);
        const failed = failedIn(await judge(createMemoryHistory(timed(mutant))));
        expect(failed.filter((name) => !mayKill.includes(name))).toEqual(
          checkNames.filter((name) => kills.includes(name)),
        );
      }),
      { numRuns: 40 },
    );
  });
});

describe('the mutations', () => {
  it('kill every check that can fail', () => {
    const killed = new Set(mutations.flatMap(({ kills }) => kills));
    expect(checkNames.filter((name) => !killed.has(name))).toEqual(['not-vacuous']);
  });
});

describe('a violation', () => {
  it('comes with the story of its message: sent, accepted, shown twice, and the connection it came by', async () => {
    const talk = directTalk(1);
    const [verdict] = await judge(createMemoryHistory(timed([...talk, talk.at(-1)!])), ['exactly-once']);
    expect(verdict!.violations).toBe(1);
    const [evidence] = verdict!.evidence;
    expect(evidence!.what).toBe('user 1 was shown the message at 2 of conversation 7 again');
    const told = evidence!.timeline.map(({ actor, kind, op }) => `${actor} ${kind} ${op}`);
    expect(told).toEqual([
      ...['invoke connect', 'ok connect', 'ok caughtUp'].map((what) => `0 ${what}`),
      ...['invoke connect', 'ok connect', 'ok caughtUp'].map((what) => `1 ${what}`),
      '0 invoke send',
      '0 ok send',
      '1 wire send',
      '1 app send',
      '1 app send',
    ]);
  });

  it('is told of ten times at most, each in thirty events at most, but always counted', async () => {
    const talk = directTalk(50);
    const [verdict] = await judge(createMemoryHistory(timed([...talk, ...Array(40).fill(talk.at(-1)!)])), [
      'exactly-once',
    ]);
    expect(verdict!.violations).toBe(40);
    expect(verdict!.evidence).toHaveLength(10);
    for (const { timeline } of verdict!.evidence) expect(timeline.length).toBeLessThanOrEqual(30);
  });
});

describe('not-vacuous', () => {
  const fault = event('fault', 'fault', { actor: -1, detail: 'kill s1' });

  it.each<[string, readonly HistoryEvent[], Verdict['result']]>([
    ['messages are delivered', directTalk(1), 'pass'],
    ['nothing is sent', directTalk(0), 'unknown'],
    ['nothing is delivered', directTalk(3).filter(({ kind }) => kind !== 'app'), 'unknown'],
    ['nothing is accepted after the fault', [...directTalk(3), fault], 'unknown'],
    ['something is accepted after the fault', [fault, ...directTalk(3)], 'pass'],
  ])('when %s', async (_, events, result) => {
    expect(await resultOf('not-vacuous', events)).toBe(result);
  });
});

describe('no-accepted-lost', () => {
  const message = { conversation: 7, clientId: 9 };
  const late = [
    event('invoke', 'send', { ...message, actor: 0 }),
    event('ok', 'send', { ...message, actor: 0, seq: 4 }),
  ];
  const gone = event('ok', 'disconnect', { actor: 1 });
  const back = [event('invoke', 'connect', { actor: 1, session: 2 }), event('ok', 'connect', { actor: 1, session: 2 })];
  const end = event('mark', 'phase', { actor: -1, detail: 'end' });

  it.each<[string, readonly HistoryEvent[], Verdict['result']]>([
    ['is owed to a member who is there', late, 'fail'],
    ['is owed to a member who is still catching up', [gone, ...late, ...back], 'fail'],
    ['waits for a member who went away and never came back', [gone, ...late], 'pass'],
    ['is owed to a member who was sent home after the end', [...late, end, gone], 'fail'],
  ])('a message %s', async (_, more, result) => {
    expect(await resultOf('no-accepted-lost', [...directTalk(2), ...more])).toBe(result);
  });

  it('says nothing when everybody went home before the end', async () => {
    const home = [event('ok', 'disconnect', { actor: 0 }), gone];
    expect(await resultOf('no-accepted-lost', [...directTalk(2), ...home])).toBe('unknown');
  });

  it('says nothing of conversations of which no member is known', async () => {
    expect(await resultOf('no-accepted-lost', late)).toBe('unknown');
  });
});

// ---

function failedIn(verdicts: readonly Verdict[]): CheckName[] {
  return verdicts.filter(({ result }) => result === 'fail').map(({ check }) => check as CheckName);
}

async function resultOf(check: CheckName, events: readonly HistoryEvent[]): Promise<Verdict['result']> {
  const [verdict] = await judge(createMemoryHistory(timed(events)), [check]);
  return verdict!.result;
}
