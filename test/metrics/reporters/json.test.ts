import { describe, expect, it } from 'vitest';
import { jsonComparisonReporter, jsonReporter } from '../../../src/metrics/reporters/json.ts';
import { comparisonSchema, publishedSchemas, summarySchema } from '../../../src/metrics/reporters/schema/index.ts';
import { memoryWriter } from '../../helpers/memory-writer.ts';
import { emptyComparison, sampleComparison } from '../../helpers/sample-comparison.ts';
import { emptyRun, hugeRun, sampleRun } from '../../helpers/sample-runs.ts';

describe('the json reporter', () => {
  it.each([sampleRun({ failing: true }), emptyRun(), hugeRun()])(
    'writes a summary that its schema accepts',
    async (run) => {
      const out = memoryWriter();
      await jsonReporter(run, out);
      expect(summarySchema.parse(JSON.parse(out.text('summary.json')))).toEqual(run.summary);
    },
  );

  it.each([sampleComparison(), emptyComparison()])(
    'writes a comparison that its schema accepts',
    async (comparison) => {
      const out = memoryWriter();
      await jsonComparisonReporter(comparison, out);
      expect(comparisonSchema.parse(JSON.parse(out.text('comparison.json')))).toEqual(comparison);
    },
  );
});

describe('the published schemas', () => {
  it.each(Object.entries(publishedSchemas()))(
    'docs/schemas/%s is what the code says (vitest -u writes it)',
    async (name, text) => {
      await expect(text).toMatchFileSnapshot(`../../../docs/schemas/${name}`);
    },
  );
});
