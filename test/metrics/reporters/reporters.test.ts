import { describe, expect, it } from 'vitest';
import { comparisonReporters, reporters } from '../../../src/metrics/reporters/index.ts';
import { memoryWriter } from '../../helpers/memory-writer.ts';
import { emptyComparison, sampleComparison } from '../../helpers/sample-comparison.ts';
import { emptyRun, hugeRun, sampleRun } from '../../helpers/sample-runs.ts';

const runs = { empty: emptyRun(), usual: sampleRun({ failing: true }), huge: hugeRun() };
const comparisons = { empty: emptyComparison(), usual: sampleComparison() };

describe.each(Object.entries(reporters))('reporter %s', (_name, entry) => {
  it.each(Object.entries(runs))('writes what the registry says for a run that is %s', async (_kind, run) => {
    const out = memoryWriter();
    await entry.reporter(run, out);
    expect([...out.files.keys()]).toEqual(entry.writes === 'stdout' ? [] : entry.writes);
    expect(out.printed() !== '').toBe(entry.writes === 'stdout');
    for (const content of out.files.values()) expect(content.length).toBeGreaterThan(0);
  });
});

describe.each(Object.entries(comparisonReporters))('comparison reporter %s', (_name, entry) => {
  it.each(Object.entries(comparisons))(
    'writes what the registry says for a comparison that is %s',
    async (_kind, comparison) => {
      const out = memoryWriter();
      await entry.reporter(comparison, out);
      expect([...out.files.keys()]).toEqual(entry.writes === 'stdout' ? [] : entry.writes);
      expect(out.printed() !== '').toBe(entry.writes === 'stdout');
    },
  );
});
