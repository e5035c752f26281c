import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createRunDirectory } from '../../../src/metrics/index.ts';
import { backends } from '../../../src/sim/backends/index.ts';
import { runScenario } from '../../../src/sim/engine/run.ts';
import { parseScenario } from '../../../src/sim/load-scenario.ts';
import { unkept } from '../../helpers/unkept.ts';

const reportsRoot = mkdtempSync(join(tmpdir(), 'nawaab-links-'));
afterAll(() => rmSync(reportsRoot, { recursive: true, force: true }));

it('a scenario disturbs every kind of link in virtual time: each fault is proved, and nothing accepted is lost', async () => {
  const scenario = parseScenario(
    {
      name: 'links',
      description: 'Links are slow, cut, half-open and reset in turn, and a server is off its network.',
      users: 20,
      cluster: { servers: [{}, {}], server: { heartbeatMs: 1000 } },
      pace: { kind: 'constant', perSec: 60 },
      rampMs: 100,
      warmupMs: 1000,
      measureMs: 14_000,
      faults: [
        { kind: 'linkSlow', at: { ms: 1000 }, link: 'b1-s1', delayMs: 50, jitterMs: 50, forMs: 1000 },
        { kind: 'linkCut', at: { ms: 3000 }, link: 'b1-s2', forMs: 600 },
        { kind: 'linkHalfOpen', at: { ms: 5000 }, link: 'b1-s1', forMs: 600 },
        { kind: 'linkCut', at: { ms: 7000 }, link: 's1-database', forMs: 600 },
        { kind: 'linkReset', at: { ms: 8500 }, link: 's2-database', forMs: 600 },
        { kind: 'disconnect', at: { ms: 10_000 }, server: 's2', forMs: 2000 },
      ],
      thresholds: ['lost == 0', 'duplicated == 0', 'reordered == 0'],
    },
    'links',
  );
  const run = await runScenario({
    scenario,
    seed: 3,
    id: '1',
    backend: backends.virtual,
    directory: createRunDirectory(reportsRoot, 'links', '1'),
    again: '',
    workers: 1,
    log: { write: () => undefined },
    signal: new AbortController().signal,
    watch: () => undefined,
  });
  expect(run.record.faults.map(({ kind, effective }) => ({ kind, effective }))).toEqual(
    scenario.faults.map(({ kind }) => ({ kind, effective: true })),
  );
  expect(unkept(run.summary)).toEqual([]);
  expect(run.summary.verdict).toBe('pass');
});
