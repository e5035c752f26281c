import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runPage } from '../../src/metrics/reporters/html/run-page.ts';
import { twinWords } from '../../src/metrics/reporters/text/twins.ts';
import type { FinishedRun, RunRecord } from '../../src/metrics/run.ts';
import { findTwins } from '../../src/metrics/twins.ts';
import { sampleRun } from '../helpers/sample-runs.ts';

let folder: string;
let run: FinishedRun;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'twins-test-'));
  const sample = sampleRun();
  run = {
    ...sample,
    directory: join(folder, '3'),
    record: { ...sample.record, id: '3', backend: 'containers', complete: true },
  };
  write('3', {});
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(id: string, changes: Partial<RunRecord>, p50 = 10): void {
  mkdirSync(join(folder, id));
  const delivery = { ...run.summary.latency.delivery, p50 };
  const summary = { ...run.summary, latency: { ...run.summary.latency, delivery } };
  writeFileSync(join(folder, id, 'run.json'), JSON.stringify({ ...run.record, id, ...changes }));
  writeFileSync(join(folder, id, 'summary.json'), JSON.stringify(summary));
}

describe('twins of a run', () => {
  it('are the newest finished runs of its trace on each other backend', () => {
    write('1', { backend: 'processes' });
    write('2', { backend: 'processes' });
    write('4', { backend: 'virtual' });
    write('5', {});
    expect(findTwins(run).map(({ id, backend }) => `${id} ${backend}`)).toEqual(['2 processes', '4 virtual']);
  });

  it('are no runs of another trace, strategy or setting, none that were cut short, and no folders of something else', () => {
    write('1', { backend: 'processes', traceHash: 'another' });
    write('2', { backend: 'processes', strategy: 'another' });
    write('4', { backend: 'processes', resolved: { users: 1 } });
    write('5', { backend: 'processes', complete: false });
    mkdirSync(join(folder, '6'));
    mkdirSync(join(folder, '7'));
    writeFileSync(join(folder, '7', 'run.json'), 'half writt');
    expect(findTwins(run)).toEqual([]);
    expect(runPage(run).body.html).not.toContain('The same trace elsewhere');
  });

  it('stand in the report with their figures and how these differ', () => {
    const here = {
      ...run,
      summary: {
        ...run.summary,
        latency: { ...run.summary.latency, delivery: { ...run.summary.latency.delivery, p50: 5 } },
      },
    };
    write('1', { backend: 'processes' }, 10);
    const [words] = twinWords(here, findTwins(here));
    expect(words).toContain('The same trace ran on processes (1): delivery, median 10.0 ms there and 5.00 ms here');
    const page = runPage(here).body.html;
    expect(page).toContain('The same trace elsewhere');
    expect(page).toMatch(/>2(\.0+)? ×</);
  });
});
