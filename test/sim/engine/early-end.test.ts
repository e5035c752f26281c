import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRunDirectory, type FinishedRun, readRun } from '../../../src/metrics/index.ts';
import { backends } from '../../../src/sim/backends/index.ts';
import { runScenario } from '../../../src/sim/engine/run.ts';
import { parseScenario } from '../../../src/sim/load-scenario.ts';
import { unkept } from '../../helpers/unkept.ts';

const reportsRoot = mkdtempSync(join(tmpdir(), 'nawaab-early-'));
afterAll(() => rmSync(reportsRoot, { recursive: true, force: true }));

let runs = 0;
function run(threshold: string): Promise<FinishedRun> {
  const id = String(++runs);
  const scenario = parseScenario(
    {
      name: 'early',
      description: 'Pairs talk for a minute.',
      users: 20,
      pace: { kind: 'constant', perSec: 50 },
      rampMs: 100,
      warmupMs: 1000,
      measureMs: 60_000,
      thresholds: [threshold],
    },
    'early',
  );
  return runScenario({
    scenario,
    seed: 1,
    id,
    backend: backends.virtual,
    directory: createRunDirectory(reportsRoot, 'early', id),
    again: '',
    workers: 1,
    log: { write: () => undefined },
    signal: new AbortController().signal,
    watch: () => undefined,
  });
}

function measuredMs({ record }: FinishedRun): number {
  const measure = record.phases.find(({ name }) => name === 'measure')!;
  // Moments are sums of fractions.
  return Math.round(measure.toMs - measure.fromMs);
}

describe('a run with a threshold that may end it', () => {
  it('is cut short when that is broken, drained and judged like any other, and has failed', async () => {
    const finished = await run('delivery.p50 < 1us abortOnFail');
    expect(measuredMs(finished)).toBeLessThan(8000);
    expect(finished.record).toMatchObject({
      complete: true,
      endedEarly: { threshold: 'delivery.p50 < 1us abortOnFail' },
    });
    const { verdict, reasons, counts } = finished.summary;
    expect(verdict).toBe('fail');
    expect(reasons[0]).toMatch(/^the run was ended early, at \d+\.\d s: delivery.p50 < 1us abortOnFail was missed/);
    expect(unkept(finished.summary)).toEqual([]);
    expect(counts).toMatchObject({ lost: 0, unknown: 0 });
    expect((await readRun(finished.directory)).summary.reasons).toEqual(reasons);
  });

  it('goes on to its end when that holds', async () => {
    const finished = await run('delivery.p50 < 1s abortOnFail');
    expect(measuredMs(finished)).toBeGreaterThanOrEqual(60_000);
    expect(finished.record.endedEarly).toBeUndefined();
    expect(finished.summary).toMatchObject({ verdict: 'pass', reasons: [] });
  });

  it('goes on also when the same is broken without the mark', async () => {
    const finished = await run('delivery.p50 < 1us');
    expect(measuredMs(finished)).toBeGreaterThanOrEqual(60_000);
    expect(finished.summary.verdict).toBe('fail');
  });
});
