import { describe, expect, it } from 'vitest';
import { csvComparisonReporter, csvReporter } from '../../../src/metrics/reporters/csv.ts';
import { memoryWriter } from '../../helpers/memory-writer.ts';
import { sampleComparison } from '../../helpers/sample-comparison.ts';
import { sampleRun } from '../../helpers/sample-runs.ts';

describe('series.csv and samples.csv', () => {
  it('have a line for each second and each sample, all with the same number of cells', async () => {
    const run = sampleRun();
    const out = memoryWriter();
    await csvReporter(run, out);
    for (const [name, length] of [
      ['series.csv', run.series.length],
      ['samples.csv', run.samples.length],
    ] as const) {
      const lines = out.text(name).trimEnd().split('\r\n');
      expect(lines).toHaveLength(length + 1);
      expect(new Set(lines.map((line) => line.split(',').length)).size).toBe(1);
    }
  });

  it('leave a cell empty where nothing is known', async () => {
    const out = memoryWriter();
    await csvReporter(sampleRun(), out);
    expect(out.text('series.csv').split('\r\n')[1]).toMatch(/^0,0,0,0,0,0,0,0,0(,)+$/);
  });
});

describe('trials.csv', () => {
  it('quotes what would break a cell and disarms what a spreadsheet would run', async () => {
    const out = memoryWriter();
    const sample = sampleComparison({ hostile: ',"x"' });
    await csvComparisonReporter(
      { ...sample, metrics: sample.metrics.map((metric) => ({ ...metric, metric: `=${metric.metric}` })) },
      out,
    );
    expect(out.text('trials.csv')).toMatch(/\r\n'=delivery\.p50,ms,"least-connections,""x""",0,\d/);
  });
});
