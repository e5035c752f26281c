import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fairnessOf, type InstrumentLine, judgeInstrument, worseInstrument } from '../../src/metrics/index.ts';
import { statesInWords } from '../../src/metrics/instrument.ts';
import { measureWindow } from '../../src/metrics/window.ts';
import { sampleRun } from '../helpers/sample-runs.ts';

const window = [{ from: 2, to: 12 }];

describe('the instrument', () => {
  it.each<[string, Partial<InstrumentLine>, string, RegExp]>([
    ['on time', {}, 'VALID', /^$/],
    ['slightly late', { slipP99Ms: 10.1 }, 'DEGRADED', /slipped by 10\.1 ms at the 99th percentile \(limit 10 ms\)/],
    ['very late', { slipP99Ms: 101 }, 'INVALID', /slipped by 101\.0 ms.*limit 100 ms/],
    ['late with two sends in a hundred', { late: 2 }, 'DEGRADED', /2\.0 % of the sends were more than 10 ms late/],
    ['late with every fifth send', { late: 20 }, 'INVALID', /20\.0 % of the sends/],
    ['slow to listen', { eventLoopP99Ms: 30 }, 'DEGRADED', /event loop was blocked for 30\.0 ms/],
    ['deaf', { eventLoopP99Ms: 300 }, 'INVALID', /event loop/],
    ['out of breath', { cpuFraction: 0.99 }, 'DEGRADED', /used 99\.0 % of a core/],
    ['hardly used', { sends: 3 }, 'DEGRADED', /only 30 sends/],
    ['not used', { sends: 0 }, 'VALID', /^$/],
  ])('that is %s is judged so, in words', (_, fields, state, reason) => {
    const verdict = judgeInstrument(
      range(14).map((second) => line(second, fields)),
      window,
    );
    expect(verdict.state).toBe(state);
    expect(verdict.reasons.join('; ')).toMatch(reason);
  });

  it('is judged by the measure phase alone', () => {
    const lines = range(14).map((second) =>
      line(second, second < 2 || second >= 12 ? { slipP99Ms: 500, late: 900 } : {}),
    );
    expect(judgeInstrument(lines, window).state).toBe('VALID');
  });

  it('is judged by its busiest worker', () => {
    const lines = range(14).flatMap((second) => [line(second, {}), line(second, { worker: 1, cpuFraction: 0.875 })]);
    expect(judgeInstrument(lines, window)).toMatchObject({ state: 'DEGRADED', cpuFraction: 0.875 });
  });

  it('that said nothing is not believed', () => {
    expect(judgeInstrument([], window)).toMatchObject({ state: 'DEGRADED', slipP99Ms: 0 });
  });

  it('of several trials is the worst', () => {
    const [good, bad] = [{}, { slipP99Ms: 200 }].map((fields) =>
      judgeInstrument(
        range(14).map((s) => line(s, fields)),
        window,
      ),
    );
    expect(worseInstrument(good!, bad!).state).toBe('INVALID');
    expect(worseInstrument(bad!, good!).state).toBe('INVALID');
  });
});

describe('the measure window', () => {
  it.each([
    [2000, 12_000, [{ from: 2, to: 12 }]],
    [2001, 11_999, [{ from: 3, to: 11 }]],
    [2100, 2900, [{ from: 2, to: 3 }]],
    [2900, 3100, [{ from: 2, to: 4 }]],
    [2000, 2000, []],
  ])('of a phase from %d to %d ms holds the whole seconds inside', (fromMs, toMs, expected) => {
    const record = { ...sampleRun().record, phases: [{ name: 'measure' as const, fromMs, toMs }] };
    expect(measureWindow(record)).toEqual(expected);
  });
});

describe('fairness', () => {
  it.each([
    [[1, 1, 1], 1, 1],
    [[1, 0, 0, 0], 0.25, 4],
    [[0, 0], 1, 1],
    [[], 1, 1],
    [[3, 1], 0.8, 1.5],
  ])('of %j has the index %d, and the largest is %d means', (values, jain, maxOverMean) => {
    expect(fairnessOf(values).jain).toBeCloseTo(jain);
    expect(fairnessOf(values).maxOverMean).toBeCloseTo(maxOverMean);
  });

  it('does not depend on the unit, and lies between 1/n and 1', () => {
    const loads = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(loads, (values) => {
        const { jain } = fairnessOf(values);
        expect(jain).toBeCloseTo(fairnessOf(values.map((value) => value * 8)).jain);
        expect(jain).toBeGreaterThanOrEqual(1 / values.length - 1e-9);
        expect(jain).toBeLessThanOrEqual(1 + 1e-9);
      }),
    );
  });
});

// ---

function line(second: number, fields: Partial<InstrumentLine>): InstrumentLine {
  return {
    second,
    worker: 0,
    slipP99Ms: 1,
    slipMaxMs: 2,
    late: 0,
    sends: 100,
    eventLoopP99Ms: 3,
    cpuFraction: 0.2,
    ...fields,
  };
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

describe('the instruments of several runs', () => {
  it.each([
    [{ VALID: 18, DEGRADED: 0, INVALID: 0 }, 'VALID'],
    [{ VALID: 17, DEGRADED: 1, INVALID: 0 }, 'DEGRADED in 1 of 18 runs'],
    [{ VALID: 15, DEGRADED: 2, INVALID: 1 }, 'INVALID in 1, DEGRADED in 2 of 18 runs'],
    [{ VALID: 0, DEGRADED: 1, INVALID: 0 }, 'DEGRADED in 1 of 1 run'],
  ])('%j are told as "%s"', (counts, words) => {
    expect(statesInWords(Object.entries(counts).flatMap(([state, runs]) => Array(runs).fill(state)))).toBe(words);
  });
});
