import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { scenarioTest, sharedCluster } from '../../../src/sim/vitest/index.ts';
import { isKept } from '../../../src/sim/vitest/scenario-test.ts';
import { sampleRun } from '../../helpers/sample-runs.ts';

const reports = mkdtempSync(join(tmpdir(), 'nawaab-vitest-'));
afterAll(() => rmSync(reports, { recursive: true, force: true }));

const short = { users: 12, 'pace.perSec': 20, rampMs: 200, warmupMs: 300, measureMs: 1000, thresholds: [] };

describe('scenarios in virtual time', () => {
  scenarioTest('steady-chat', { backend: 'virtual', reports, overrides: { ...short, measureMs: 5000 } });
});

describe('scenarios on one cluster, each its own tenant', () => {
  const on = sharedCluster({ cluster: { servers: [{}, {}] } });
  scenarioTest('steady-chat', { on, reports, overrides: short });
  scenarioTest('steady-chat', { on, reports, overrides: short });
  scenarioTest(
    { name: 'own', description: 'Groups of my own.', topology: { kind: 'groups', count: 2, size: 4 } },
    { on, reports, overrides: short },
  );
});

describe('a run', () => {
  const whole = sampleRun();
  const run = (verdict: 'pass' | 'unknown' | 'fail', changes: Partial<typeof whole.summary> = {}) => ({
    ...whole,
    record: { ...whole.record, complete: true, faults: [] },
    summary: { ...whole.summary, thresholds: [], checks: [], ...changes, verdict },
  });
  const missed = {
    check: 'no-accepted-lost',
    result: 'unknown' as const,
    summary: '',
    evidence: [],
    timeline: [],
    violations: 0,
  };

  it('that could not be judged passes only when no figures were asked for and every promise was kept', () => {
    expect(isKept(run('pass'))).toBe(true);
    expect(isKept(run('fail'))).toBe(false);
    expect(isKept(run('unknown'))).toBe(true);
    expect(isKept(run('unknown', { thresholds: whole.summary.thresholds }))).toBe(false);
    expect(isKept(run('unknown', { checks: [missed] }))).toBe(false);
  });
});
