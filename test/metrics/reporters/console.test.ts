import { describe, expect, it } from 'vitest';
import { consoleComparisonReporter, consoleReporter } from '../../../src/metrics/reporters/console.ts';
import { createWriter } from '../../../src/metrics/reporters/writer.ts';
import type { FinishedRun } from '../../../src/metrics/run.ts';
import { memoryWriter } from '../../helpers/memory-writer.ts';
import { sampleComparison } from '../../helpers/sample-comparison.ts';
import { emptyRun, sampleRun } from '../../helpers/sample-runs.ts';

const escapeCode = '\u001b';

async function printed(run: FinishedRun, options: { color?: boolean; width?: number } = {}): Promise<string> {
  const out = memoryWriter(options);
  await consoleReporter(run, out);
  return out.printed();
}

describe('the summary on the terminal', () => {
  it('tells verdict, thresholds, checks, latency, throughput, servers, instrument, in this order', async () => {
    const text = await printed(sampleRun({ failing: true }));
    expect(text).toMatch(/^FAIL {2}server-crash · instrument DEGRADED: 3.1 % of sends/);
    const order = ['FAIL', 'Thresholds', 'Checks', 'Latency', 'Throughput', 'Servers', 'Instrument', 'Run it again'];
    const places = order.map((part) => text.indexOf(part));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it('prints no escape code without colour, and some with it', async () => {
    expect(await printed(sampleRun())).not.toContain(escapeCode);
    expect(await printed(sampleRun(), { color: true })).toContain(`${escapeCode}[32mPASS`);
  });

  it('lets no text from outside write to the terminal', async () => {
    const text = await printed(sampleRun({ failing: true, hostile: `${escapeCode}[2J\r\nPASS\u0007` }));
    expect(text).not.toMatch(/[^\n\P{Cc}]/u);
    expect(text.split('\n').filter((line) => line.startsWith('PASS'))).toEqual([]);
  });

  it.each([60, 80, 120])('keeps tables and sentences within %i columns', async (width) => {
    const text = await printed(sampleRun(), { width });
    const long = text.split('\n').filter((line) => line.length > width && !line.includes('nawaab run'));
    expect(long).toEqual([]);
  });

  it('aligns the columns of the latency table', async () => {
    const lines = (await printed(sampleRun())).split('\n');
    const head = lines.find((line) => line.includes('p99.9'))!;
    const row = lines.find((line) => line.startsWith('  delivery '))!;
    expect(head.indexOf('p50') + 3).toBe(row.indexOf('8.30 ms') + 7);
  });

  it('does not call unlost what nobody could judge', async () => {
    expect(await printed(sampleRun())).toContain('0 lost, 0 duplicated, – out of order');
    expect(await printed(emptyRun())).toContain('– lost, – duplicated');
  });

  it('tells what became of sign-ins where there were some', async () => {
    expect(await printed(sampleRun())).not.toContain('Sign-ins');
    expect(await printed(sampleRun({ signIns: true }), { width: 200 })).toContain(
      '8,000 sign-ins due, 7,991 granted (198/s), 3 refused 429, 4 refused 503, 7 with Retry-After, 2 unanswered',
    );
  });

  it('tells what there was besides messages where there was something', async () => {
    expect(await printed(sampleRun())).not.toContain('Besides messages');
    expect(await printed(sampleRun({ presence: true }), { width: 200 })).toMatch(
      /presence\.changes 8,000 · 200\/s, presence\.told 160,000 · 4,000\/s, presence\.unseen 0/,
    );
  });

  it('says why a run is not complete', async () => {
    expect(await printed(emptyRun())).toContain('The run is not complete: stopped by Ctrl-C.');
  });
});

describe('the comparison on the terminal', () => {
  it('tells what was shown before the medians, and names the baseline', async () => {
    const out = memoryWriter();
    await consoleComparisonReporter(sampleComparison(), out);
    const text = out.printed();
    expect(text.indexOf('What was shown')).toBeLessThan(text.indexOf('Against the baseline'));
    expect(text).toMatch(/least-connections +6\.\d\d ms +baseline/);
    expect(text).toContain('no difference shown');
    expect(text).toContain('No difference was shown in lost.');
  });
});

describe('an instrument that was not up to it in some trials', () => {
  it('is told with how many of how many', async () => {
    const out = memoryWriter({ width: 200 });
    const { instrument } = sampleRun({ failing: true }).summary;
    const comparison = sampleComparison({ blocks: 3 });
    const [first, ...arms] = comparison.arms;
    const runs = first!.runs.map((run, index) => (index === 1 ? { ...run, instrument: 'DEGRADED' } : run));
    await consoleComparisonReporter({ ...comparison, instrument, arms: [{ ...first!, runs }, ...arms] }, out);
    expect(out.printed()).toMatch(/^PASS {2}strategy-comparison · instrument DEGRADED in 1 of 18 runs: 3\.1 %/);
    expect(out.printed()).toContain('  in the worst: 3.1 % of sends were more than 10 ms late');
  });
});

describe('the writer', () => {
  const stream = { write: () => true, isTTY: true, columns: 132 };

  it.each([
    [{}, true],
    [{ NO_COLOR: '1' }, false],
    [{ NO_COLOR: '' }, true],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  ])('on a terminal with %o has colour: %s', (env, color) => {
    expect(createWriter({ directory: '.', stream, env }).color).toBe(color);
  });

  it('takes the width of the terminal, and 100 columns elsewhere', () => {
    expect(createWriter({ directory: '.', stream, env: {} }).width).toBe(132);
    expect(createWriter({ directory: '.', stream: { write: () => true }, env: {} })).toMatchObject({
      width: 100,
      color: false,
    });
  });
});
