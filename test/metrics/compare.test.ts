import { describe, expect, it } from 'vitest';
import { type ArmRun, type Comparison, compareRuns, type FinishedRun } from '../../src/metrics/index.ts';
import { sampleRun } from '../helpers/sample-runs.ts';

/** Delivery p99 of each trial, by arm. */
type Latencies = Readonly<Record<string, readonly (number | null)[]>>;

describe('a comparison', () => {
  it('says what was shown, by how much, and on how many trials', () => {
    const { findings } = compare({ steady: [100, 102, 101], swift: [90, 91, 92] });
    expect(findings[0]).toBe(
      'swift is 10 ms (9.9 %) lower at delivery p99 than steady, 95 % interval 7.52 to 12.5 ms, 3 trials',
    );
  });

  it('says exactly "no difference shown" where the interval holds zero', () => {
    const difference = differenceAt('delivery.p99', compare({ steady: [100, 110, 90], swift: [99, 80, 95] }));
    expect(difference).toMatchObject({ shown: 'none', words: 'no difference shown', difference: -1 });
    expect(difference.p).toBe(0.75);
    expect(difference.smallestEffect).toBeGreaterThan(10);
  });

  it('is not taken in by three trials that agree only in sign', () => {
    const difference = differenceAt('delivery.p99', compare({ steady: [100, 100, 100], swift: [99, 60, 95] }));
    expect(difference).toMatchObject({ shown: 'none', p: 0.25 });
  });

  it('shows nothing with fewer than three trials, and says so', () => {
    const comparison = compare({ steady: [100, 100], swift: [10, 10] });
    expect(differenceAt('delivery.p99', comparison)).toMatchObject({ shown: 'none', interval: null, difference: -90 });
    expect(comparison.notes.join()).toMatch(/2 trials of each arm are too few/);
  });

  it('calls the same difference better or worse by what the metric wants', () => {
    const comparison = compare({ steady: [100, 101, 102, 100, 99, 100], swift: [80, 82, 81, 80, 79, 80] });
    expect(differenceAt('delivery.p99', comparison).shown).toBe('better');
    expect(differenceAt('delivered.perSec', comparison).shown).toBe('worse');
  });

  it('pairs by block: what all arms met alike is no difference', () => {
    const comparison = compare({ steady: [100, 200, 300, 400], swift: [90, 190, 291, 389] });
    expect(differenceAt('delivery.p99', comparison)).toMatchObject({ shown: 'better', difference: -10 });
  });

  it('counts only blocks that every arm finished, and runs whose instrument was up to it', () => {
    const comparison = compare({ steady: [100, 101, 102, 103], swift: [90, null, 92, 93] });
    expect(comparison.blocks.map(({ block }) => block)).toEqual([0, 2, 3]);
    const lame = runsFor({ steady: [100, 101, 102], swift: [90, 91, 92] }).map((one, index) =>
      index === 0 ? withSummary(one, { instrument: { ...one.run.summary.instrument, state: 'INVALID' } }) : one,
    );
    const judged = compareRuns({ ...input, arms: ['steady', 'swift'], runs: lame });
    expect(judged.instrument.state).toBe('INVALID');
    expect(judged.metrics.find(({ metric }) => metric === 'delivery.p99')?.arms[0]?.values).toEqual([null, 101, 102]);
  });

  it('counts a run that a threshold has ended early as not measured', () => {
    const endedEarly = { threshold: 'delivery.p99 < 1ms abortOnFail', actual: 2, atMs: 1 };
    const runs = runsFor({ steady: [100, 101, 102], swift: [90, 91, 92] }).map((one, index) =>
      index === 0 ? { ...one, run: { ...one.run, record: { ...one.run.record, endedEarly } } } : one,
    );
    const { metrics } = compareRuns({ ...input, arms: ['steady', 'swift'], runs });
    expect(metrics.find(({ metric }) => metric === 'delivery.p99')?.arms[0]?.values).toEqual([null, 101, 102]);
  });

  it('puts a broken promise before every latency, and fails', () => {
    const broken = {
      check: 'no-accepted-lost',
      result: 'fail',
      summary: '3 lost',
      violations: 3,
      evidence: [],
    } as const;
    const runs = runsFor({ steady: [100, 101, 102], swift: [90, 91, 92] }).map((one, index) =>
      index === 4
        ? withSummary(one, { verdict: 'fail', reasons: ['no-accepted-lost: 3 lost'], checks: [broken] })
        : one,
    );
    const comparison = compareRuns({ ...input, arms: ['steady', 'swift'], runs });
    expect(comparison.findings[0]).toBe('swift broke the promise no-accepted-lost in block 1: 3 lost');
    expect(comparison).toMatchObject({ verdict: 'fail', reasons: ['swift, block 1: no-accepted-lost: 3 lost'] });
  });

  it('without a whole block compares nothing and is unknown', () => {
    const comparison = compare({ steady: [100, null], swift: [null, 90] });
    expect(comparison).toMatchObject({ verdict: 'unknown', blocks: [], metrics: [], findings: [] });
    expect(comparison.arms.map(({ distribution }) => distribution.delivery)).toEqual([[], []]);
  });

  it('names runs that met different traces', () => {
    const runs = runsFor({ steady: [1, 2, 3], swift: [1, 2, 3] }).map((one, index) =>
      index === 0 ? { ...one, run: { ...one.run, record: { ...one.run.record, traceHash: 'other' } } } : one,
    );
    expect(compareRuns({ ...input, arms: ['steady', 'swift'], runs }).notes.join()).toMatch(
      /block 0 met different traces/,
    );
  });

  it('draws each distribution as the median of the trials within their band', () => {
    const { distribution } = compare({ steady: [100, 101, 102], swift: [1, 2, 3] }).arms[0]!;
    const whole = sampleRun().distribution.delivery.length;
    expect(distribution.delivery).toHaveLength(whole);
    for (const { low, ms, high } of distribution.delivery) expect(low <= ms && ms <= high).toBe(true);
  });

  it('says how many differences chance alone would show', () => {
    expect(compare({ steady: [1, 2, 3], swift: [1, 2, 3] }).notes.join()).toMatch(
      /\d+ differences were looked at.*about 1 /,
    );
  });

  it('of no runs, or with a baseline that is no arm, is refused', () => {
    expect(() => compareRuns({ ...input, arms: ['steady'], runs: [] })).toThrow(/nothing to compare/);
    const runs = runsFor({ steady: [1] });
    expect(() => compareRuns({ ...input, arms: ['steady'], baseline: 'fast', runs })).toThrow(
      /"fast" is not one of steady/,
    );
  });
});

// ---

const input = { baseline: 'steady', directory: '/tmp/reports', seed: 7, again: 'nawaab compare' };

function compare(latencies: Latencies): Comparison {
  return compareRuns({ ...input, arms: Object.keys(latencies), runs: runsFor(latencies) });
}

function runsFor(latencies: Latencies): ArmRun[] {
  const arms = Object.keys(latencies);
  return Object.entries(latencies).flatMap(([arm, values]) =>
    values.flatMap((p99, block) => (p99 === null ? [] : [{ arm, block, order: arms, run: runWith(arm, block, p99) }])),
  );
}

/** A run that passed, with this latency, and as many deliveries a second as its latency has milliseconds. */
function runWith(strategy: string, block: number, p99: number): FinishedRun {
  const run = sampleRun({ strategy, seed: block + 1 });
  const { summary } = run;
  return {
    ...run,
    record: { ...run.record, complete: true, traceHash: `trace-${block}` },
    summary: {
      ...summary,
      verdict: 'pass',
      reasons: [],
      checks: [],
      instrument: { ...summary.instrument, state: 'VALID' },
      latency: { ...summary.latency, delivery: { ...summary.latency.delivery, p99 } },
      rates: { ...summary.rates, delivered: p99 },
    },
  };
}

function withSummary(one: ArmRun, changes: Partial<FinishedRun['summary']>): ArmRun {
  return { ...one, run: { ...one.run, summary: { ...one.run.summary, ...changes } } };
}

function differenceAt(name: string, { metrics }: Comparison) {
  return metrics.find(({ metric }) => metric === name)!.differences[0]!;
}
