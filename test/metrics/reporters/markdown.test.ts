import { describe, expect, it } from 'vitest';
import { markdownComparisonReporter, markdownReporter } from '../../../src/metrics/reporters/markdown.ts';
import { memoryWriter } from '../../helpers/memory-writer.ts';
import { sampleComparison } from '../../helpers/sample-comparison.ts';
import { sampleRun } from '../../helpers/sample-runs.ts';

async function markdown(hostile: string): Promise<string> {
  const out = memoryWriter();
  await markdownReporter(sampleRun({ failing: true, hostile }), out);
  return out.text('summary.md');
}

describe('summary.md', () => {
  it('begins with the verdict and the instrument and ends with the line that runs it again', async () => {
    const text = await markdown('');
    expect(text).toMatch(/^## server-crash: FAIL\n\nInstrument \*\*DEGRADED\*\*: 3.1 % of sends/);
    expect(text).toMatch(/nawaab run server-crash --backend processes --seed 42\n```\n$/);
  });

  it('keeps names from becoming markup, mentions or cells', async () => {
    const text = await markdown('|<img src=x>\n# @everyone **b**');
    const outside = text.replace(/```text[\s\S]*?```/g, '');
    expect(outside).not.toContain('<img');
    expect(outside).not.toContain('@everyone');
    expect(outside).not.toMatch(/^# /m);
    const rows = outside.split('\n').filter((line) => line.startsWith('| delivery.p99'));
    expect(rows[0]!.match(/(?<!\\)\|/g)).toHaveLength(4);
  });

  it('puts lines that hold a fence into a longer one', async () => {
    expect(await markdown('```')).toContain('````text\nnawaab run');
  });

  it('of a comparison tells the findings and each metric in words', async () => {
    const out = memoryWriter();
    await markdownComparisonReporter(sampleComparison(), out);
    expect(out.text('summary.md')).toContain(
      '- delivery.p50: no difference shown between least-connections and memory',
    );
    expect(out.text('summary.md')).toContain('No difference was shown in lost.');
    expect(out.text('summary.md')).toMatch(/\| memory \| .* \| no difference shown \|/);
  });
});
