import { describe, expect, it } from 'vitest';
import { createMemoryHistory } from '../../../src/metrics/index.ts';
import { type ScenarioInput, scenario } from '../../../src/sim/scenario.ts';
import { userNameOf } from '../../../src/sim/users/names.ts';
import { createSecondsRecorder } from '../../../src/sim/users/seconds.ts';
import { buildTrace } from '../../../src/sim/users/trace/trace.ts';
import { createWatchers } from '../../../src/sim/users/watchers.ts';
import type { UserName } from '../../../src/system/index.ts';
import { createManualClock } from '../../helpers/manual-clock.ts';

/** Two friends, of whom user 1 is gone from 3000 to 4000, and again from 6000 to 7000; the grace period is 500. */
function rig(input: Partial<ScenarioInput> = {}) {
  const resolved = scenario.parse({
    name: 'test',
    description: 'Two friends.',
    users: 2,
    watch: { each: 1 },
    warmupMs: 0,
    measureMs: 9000,
    cluster: { server: { presenceGraceMs: 500 } },
    ...input,
  });
  const trace = buildTrace(resolved, 1);
  const absences = {
    from: Uint32Array.of(0, 0, 2),
    leaveAtMs: Float64Array.of(2500, 5500),
    returnAtMs: Float64Array.of(4000, 7000),
  };
  const watching = {
    ...trace.watching,
    changeFrom: Uint32Array.of(0, 0, 4),
    changeAtMs: Float64Array.of(3000, 4000, 6000, 7000),
  };
  let nowMs = 0;
  const measured: [fromMs: number, tookMs: number][] = [];
  const extra: Record<string, number> = {};
  const recorder = createSecondsRecorder(0, { histograms: () => {}, counts: () => {}, instrument: () => {} });
  const watchers = createWatchers({
    trace: { ...trace, absences, watching },
    users: Uint32Array.of(0, 1),
    tag: 'abcdef',
    clock: { ...createManualClock(), now: () => nowMs },
    runStartMs: 0,
    sessionOf: () => null,
    seconds: {
      ...recorder,
      record: ({ operation, intendedMs, latencyMs }) => {
        expect(operation).toBe('presence');
        measured.push([intendedMs, latencyMs]);
      },
      extra: (what, _, count = 1) => {
        extra[what] = (extra[what] ?? 0) + count;
      },
    },
    history: createMemoryHistory(),
  });
  watchers.sending(0);
  return {
    watchers,
    measured,
    extra,
    tell(atMs: number, online: boolean, to = 0) {
      nowMs = atMs;
      watchers.handlersOf(to).presence?.({ user: userNameOf('abcdef', 1 - to) as UserName, online, at: 0 });
    },
    end(atMs: number) {
      nowMs = atMs;
      watchers.finish();
    },
  };
}

describe('how long it takes until a watcher sees a change', () => {
  it('counts from the change to when it is told', () => {
    const { tell, end, measured, extra } = rig();
    tell(100, true);
    tell(3700, false);
    tell(4200, true);
    tell(6100, false);
    tell(7900, true);
    end(9000);
    expect(measured).toEqual([
      [3000, 700],
      [4000, 200],
      [6000, 100],
      [7000, 900],
    ]);
    expect(extra).toMatchObject({ 'presence.changes': 4, 'presence.unseen': 0 });
  });

  it('does not leave out what was overtaken before it was told', () => {
    const { tell, end, measured, extra } = rig();
    tell(100, true);
    tell(7300, true);
    end(9000);
    expect(measured).toEqual([
      [3000, 1000],
      [4000, 2000],
      [6000, 1000],
      [7000, 300],
    ]);
    expect(extra['presence.unseen']).toBe(3);
  });

  it('counts to the end where it is never told', () => {
    const { tell, end, measured, extra } = rig();
    tell(3100, false);
    tell(4100, true);
    tell(6100, false);
    end(9000);
    expect(measured.at(-1)).toEqual([7000, 2000]);
    expect(extra['presence.unseen']).toBe(1);
  });

  it('counts old news for the change that they tell of', () => {
    const { tell, measured } = rig();
    tell(4500, false);
    expect(measured).toEqual([[3000, 1500]]);
    tell(4600, true);
    expect(measured.at(-1)).toEqual([4000, 600]);
  });
});

describe('the pictures that are not right yet', () => {
  it('are those of users who are not seen to be online', () => {
    const { watchers, tell } = rig();
    expect(watchers.unseen).toBe(2);
    tell(100, true);
    expect(watchers.unseen).toBe(1);
    tell(100, true);
    expect(watchers.unseen).toBe(1);
    tell(200, true, 1);
    expect(watchers.unseen).toBe(0);
    tell(300, false);
    expect(watchers.unseen).toBe(1);
  });
});
