import { describe, expect, it } from 'vitest';
import {
  catalog,
  closestFirst,
  judgeThreshold,
  metricNames,
  parseThreshold,
  type Summary,
} from '../../src/metrics/index.ts';
import { emptyRun, sampleRun } from '../helpers/sample-runs.ts';

const passed = { result: 'pass', summary: '', violations: 0, evidence: [] } as const;
const summary: Summary = {
  ...sampleRun().summary,
  counts: { ...sampleRun().summary.counts, offered: 1000, accepted: 995, lost: 0, refused: 4 },
  checks: [{ check: 'no-accepted-lost', ...passed }],
};
const withP99: Summary = {
  ...summary,
  latency: { ...summary.latency, delivery: { ...summary.latency.delivery, p99: 200 } },
};

describe('a threshold', () => {
  it.each([
    ['delivery.p99 < 200ms', 'fail', 200],
    ['delivery.p99 <= 200ms', 'pass', 200],
    ['delivery.p99 < 200.1', 'pass', 200],
    ['delivery.p99 < 0.3s', 'pass', 200],
    ['delivery.p99 > 199999us', 'pass', 200],
    ['accepted.rate >= 99.9%', 'fail', 99.5],
    ['accepted.rate >= 99.5 %', 'pass', 99.5],
    ['lost == 0', 'pass', 0],
    ['lost==0', 'pass', 0],
    ['refused != 4', 'fail', 4],
    ['duplicated == 0', 'unknown', null],
  ] as const)('%s is judged: %s', (expression, result, actual) => {
    expect(judgeThreshold(parseThreshold(expression), withP99)).toEqual({ expression, result, actual });
  });

  it('on what a run cannot tell is unknown', () => {
    const { latency } = emptyRun().summary;
    expect(judgeThreshold(parseThreshold('connect.p50 < 1s'), { ...summary, latency })).toMatchObject({
      result: 'unknown',
    });
  });

  it.each([
    ['delivery.p9 < 200ms', /metric "delivery\.p9", which does not exist; there are delivery\.p90, delivery\.p99/],
    ['delivery.p99 < 200min', /unit "min", which does not exist; there are/],
    ['delivery.p99 =< 200ms', /comparison "=<", which does not exist; there are <=?,/],
    ['lost == 0 ms', /unit "ms"; this metric is a plain number/],
    ['delivery.p99', /cannot be read; write "metric comparison number"/],
    ['toString > 1', /metric "toString", which does not exist/],
    ['delivery.p99{sever=s2} < 1', /tag "sever", which does not exist; there are server, phase/],
    ['delivery.p99{server} < 1', /has the tag "server"; write tags as \{name=value\}/],
    ['delivery.p99{server=s1,server=s2} < 1', /the tag "server" twice/],
    ['delivery.p99{phase=faults} < 1', /phase "faults", which does not exist; there are fault,/],
    ['lost{server=s2} == 0', /has the tag "server"; this metric takes no tag/],
    ['offered.rate{server=s2} > 1', /has the tag "server"; this metric takes only the tag phase/],
    ['lost == 0 abortOnFail', /cannot end a run: lost is found only after it/],
    ['delivery.p99{phase=drain} < 1 abortOnFail', /abortOnFail watches the measure phase, not the phase "drain"/],
  ])('%s is refused with the right ones', (expression, message) => {
    expect(() => parseThreshold(expression)).toThrow(message);
  });
});

describe('a threshold with tags and a mark', () => {
  it.each([
    ['delivery.p99{server=s2} < 200', { server: 's2' }, false],
    ['delivery.p99 { server = s2 , phase = fault } < 200ms', { server: 's2', phase: 'fault' }, false],
    ['delivery.p99{server=s2} < 200ms abortOnFail', { server: 's2' }, true],
    ['refused < 10 abortOnFail', {}, true],
    ['refused < 10', {}, false],
  ] as const)('%s is understood', (expression, tags, abortOnFail) => {
    expect(parseThreshold(expression)).toMatchObject({ expression, tags, abortOnFail });
  });
});

describe('the catalogue', () => {
  it('reads every metric of a full and of an empty run as a number or nothing', () => {
    for (const run of [sampleRun(), emptyRun()]) {
      for (const name of metricNames) {
        const value = catalog[name].read(run.summary);
        expect(value === null || Number.isFinite(value), `${name}: ${value}`).toBe(true);
      }
    }
  });

  it('explains every metric', () => {
    for (const name of metricNames) expect(catalog[name].meaning.length, name).toBeGreaterThan(10);
  });
});

describe('the closest name', () => {
  it.each([
    ['deliver.p99', 'delivery.p99'],
    ['LOST', 'lost'],
    ['fairness.jain', 'fairness.cpu.jain'],
  ])('to %s is %s', (name, closest) => {
    expect(closestFirst(name, metricNames)[0]).toBe(closest);
  });
});
