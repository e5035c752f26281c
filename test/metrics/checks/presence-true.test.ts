import { describe, expect, it } from 'vitest';
import { createMemoryHistory, type HistoryEvent, judge, type Verdict } from '../../../src/metrics/index.ts';
import { directTalk, event } from './histories.ts';

const minuteMs = 60_000;

/** Users 0 and 1 talk, and 0 watches 1; a minute lies between any two events of the rest. */
function watching(...rest: readonly HistoryEvent[]): HistoryEvent[] {
  const talk = [...directTalk(1), event('invoke', 'watch', { actor: 0, peer: 1, t: 1000 })];
  return [...talk, ...rest.map((one, i) => ({ ...one, t: (i + 1) * minuteMs }))];
}

const told = (detail: string, peer = 1) => event('app', 'presence', { actor: 0, peer, detail });
const leaves = (actor: number) => event('ok', 'disconnect', { actor });
const end = event('mark', 'phase', { actor: -1, detail: 'end' });

async function judged(events: readonly HistoryEvent[]): Promise<Verdict> {
  const [verdict] = await judge(createMemoryHistory(events), ['presence-true']);
  return verdict!;
}

describe('a picture of another’s presence', () => {
  it.each<[string, readonly HistoryEvent[], Verdict['result']]>([
    ['is right', [told('online'), end], 'pass'],
    ['is right of somebody who went', [told('online'), leaves(1), told('offline'), end], 'pass'],
    ['still shows somebody who has gone', [told('online'), leaves(1), end], 'fail'],
    ['does not show somebody who is there', [told('offline'), end], 'fail'],
    ['shows nothing of somebody who is there', [told('online', 7), end], 'fail'],
    ['is old, but its owner is not there', [told('online'), leaves(0), leaves(1), end], 'pass'],
    ['is told after the end only', [end, told('online')], 'fail'],
  ])('that %s', async (_, rest, result) => {
    expect((await judged(watching(...rest))).result).toBe(result);
  });

  it('may be late, when somebody has just gone', async () => {
    const late = [told('online'), leaves(1)];
    expect((await judged([...watching(...late), { ...end, t: 2 * minuteMs + 1000 }])).result).toBe('pass');
  });

  it('is nobody’s who did not ask', async () => {
    expect((await judged(directTalk(2))).result).toBe('unknown');
  });
});
