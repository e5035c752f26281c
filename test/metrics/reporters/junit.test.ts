import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/metrics/checks/check.ts';
import { junitReporter } from '../../../src/metrics/reporters/junit.ts';
import type { FinishedRun } from '../../../src/metrics/run.ts';
import { memoryWriter } from '../../helpers/memory-writer.ts';
import { emptyRun, sampleRun } from '../../helpers/sample-runs.ts';

async function junit(run: FinishedRun): Promise<string> {
  const out = memoryWriter();
  await junitReporter(run, out);
  return out.text('junit.xml');
}

describe('junit.xml', () => {
  it('has one case for each threshold and check, with the evidence of a failure', async () => {
    const run = sampleRun({ failing: true });
    const xml = await junit(run);
    expect(xml.match(/<testcase /g)).toHaveLength(run.summary.thresholds.length + run.summary.checks.length);
    expect(xml).toContain('<testsuites name="server-crash" tests="6" failures="3" errors="2">');
    expect(xml).toContain('user 7 never saw message 3:19 of conversation 12');
    expect(xml).toContain('21.004 s  user 3, connection 1  send: asked');
  });

  it('does not count as an error what a check found nothing of, and may', async () => {
    const run = sampleRun({});
    const abstained: Verdict = {
      check: 'images-exact',
      result: 'unknown',
      summary: 'nobody sent one',
      violations: 0,
      evidence: [],
    };
    const checks = [...run.summary.checks.filter(({ result }) => result === 'pass'), abstained];
    const xml = await junit({ ...run, summary: { ...run.summary, verdict: 'pass', checks, thresholds: [] } });
    expect(xml).toMatch(/<testsuites [^>]*failures="0" errors="0">/);
    expect(xml).toContain('<skipped message="nobody sent one">');
  });

  it('is not green for a run of which nothing can be said', async () => {
    const xml = await junit(emptyRun());
    expect(xml).toContain('tests="1" failures="0" errors="1"');
    expect(xml).toContain('The run is not complete: stopped by Ctrl-C.');
  });

  it('is well formed whatever the names hold', async () => {
    const plain = tags(await junit(sampleRun({ failing: true, hostile: 'x' })));
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 20 }), async (hostile) => {
        const xml = await junit(sampleRun({ failing: true, hostile: `${hostile}]]></failure>` }));
        expect(tags(xml)).toEqual(plain);
        expect(xml).toMatch(/^(?:[\t\n\r\u0020-\ud7ff\ue000-\ufffd]|[\ud800-\udbff][\udc00-\udfff])*$/);
        expect(xml.replace(/&#\d+;/g, '')).not.toContain('&');
      }),
      { numRuns: 60 },
    );
  });
});

function tags(xml: string): string[] {
  return [...xml.matchAll(/<[^>]*>/g)].map(([tag]) => tag.replace(/="[^"]*"/g, ''));
}
