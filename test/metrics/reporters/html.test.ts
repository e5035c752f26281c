import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChartSpec } from '../../../src/metrics/reporters/charts/spec.ts';
import { htmlComparisonReporter, htmlReporter } from '../../../src/metrics/reporters/html.ts';
import type { FinishedRun } from '../../../src/metrics/run.ts';
import { memoryWriter } from '../../helpers/memory-writer.ts';
import { sampleComparison } from '../../helpers/sample-comparison.ts';
import { emptyRun, hugeRun, sampleRun } from '../../helpers/sample-runs.ts';

const bytesMax = 2 * 1024 ** 2;

describe('the page of a run', () => {
  it('tells verdict and instrument first and the line that runs it again last', async () => {
    const page = await pageOf(sampleRun({ failing: true }));
    const order = ['<h1', 'class="verdict', ...sectionIds.map((id) => `id="${id}"`), 'id="again-line"'];
    const places = order.map((part) => page.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(bodyText(page)).toMatch(/FAIL · instrument DEGRADED: 3.1 % of sends were more than 10 ms late/);
  });

  it('stays under 2 MB for an hour on eight servers, and says how coarse its charts are', async () => {
    const page = await pageOf(hugeRun());
    expect(Buffer.byteLength(page)).toBeLessThan(bytesMax);
    expect(bodyText(page)).toContain('Each point stands for 10 seconds and shows the highest value among them.');
  });

  it('of a run that was stopped says so, and that nothing was measured', async () => {
    const text = bodyText(await pageOf(emptyRun()));
    expect(text).toContain('The run is not complete: stopped by Ctrl-C.');
    expect(text).toContain('Nothing was measured.');
  });

  it('shows each violation with the events that prove it', async () => {
    const text = bodyText(await pageOf(sampleRun({ failing: true })));
    expect(text).toContain('user 7 never saw message 3:19 of conversation 12');
    expect(text).toMatch(/21\.004 s\s*user 3, connection 1\s*send: asked/);
  });

  it('puts the corrected latency right above the uncorrected', async () => {
    const text = bodyText(await pageOf(sampleRun()));
    expect(text).toMatch(/delivery\s+8,000\s+8\.30 ms[\s\S]{0,80}delivery, from the actual send\s+8,000\s+6\.20 ms/);
  });

  it('has a section about sign-ins only where there were some', async () => {
    expect(await pageOf(sampleRun())).not.toMatch(/href="#http"|id="http"/);
    const page = await pageOf(sampleRun({ signIns: true }));
    expect(page).toContain('href="#http"');
    expect(bodyText(page)).toMatch(/granted\s+7,991\s+198\/s[\s\S]*refused 503\s+4[\s\S]*with Retry-After\s+7/);
    expect(chartsOf(page).some(({ title }) => title === 'Sign-in latency over time')).toBe(true);
  });

  it('has a section about what there was besides messages only where there was something', async () => {
    expect(await pageOf(sampleRun())).not.toMatch(/href="#extra"|id="extra"/);
    const page = await pageOf(sampleRun({ presence: true }));
    expect(page).toContain('href="#extra"');
    expect(bodyText(page)).toMatch(/presence\.told\s+160,000\s+4,000\/s/);
    expect(chartsOf(page).some(({ title }) => title === 'Presence seen latency over time')).toBe(true);
  });

  it('keeps the highest value of each window, so that no spike is lost on the way to the chart', async () => {
    const run = hugeRun();
    const chart = chartsOf(await pageOf(run)).find(({ id }) => id === 'latency-delivery')!;
    const highest = Math.max(...run.series.map(({ latency }) => latency.delivery?.max ?? 0));
    const drawn = Math.max(...chart.series.find(({ name }) => name === 'max')!.values.map((value) => value ?? 0));
    expect(drawn).toBeCloseTo(highest, -1);
  });
});

describe('the page of a comparison', () => {
  it('tells the findings before the figures and links the report of each trial', async () => {
    const page = await comparisonPageOf();
    expect(page.indexOf('id="findings"')).toBeLessThan(page.indexOf('id="distributions"'));
    expect(page).toContain('href="./trials/0-least-connections/report.html"');
    expect(bodyText(page)).toContain('no difference shown');
  });

  it('never links to anything but a folder beside it', async () => {
    const page = await comparisonPageOf('javascript:alert(1)//');
    const links = [...page.matchAll(/href="([^"]*)"/g)].map(([, link]) => link!);
    expect(links.filter((link) => !link.startsWith('./trials/') && !link.startsWith('#'))).toEqual([]);
  });
});

describe('every page', () => {
  it('asks nobody for anything', async () => {
    for (const page of [await pageOf(sampleRun()), await comparisonPageOf()]) {
      expect(page.match(/<(link|img|iframe|object|embed|script[^>]*\ssrc|base)\b/gi)).toBeNull();
      expect(page).not.toMatch(/sourceMappingURL|@import|url\(/);
      expect(page).toContain("default-src 'none'");
    }
  });

  it('lets only its own scripts and style run, by their hashes', async () => {
    const page = await pageOf(sampleRun());
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!;
    const inlined = [...page.matchAll(/<(?:style|script(?: type="module")?)>([\s\S]*?)<\/(?:style|script)>/g)];
    expect(inlined).toHaveLength(3);
    for (const [, text] of inlined) {
      expect(policy).toContain(`'sha256-${createHash('sha256').update(text!).digest('base64')}'`);
    }
    expect(policy).not.toContain('unsafe');
  });

  it('carries scripts that parse when joined into one', async () => {
    const own = /<script type="module">([\s\S]*?)<\/script>/.exec(await pageOf(sampleRun()))![1]!;
    expect(() => new Script(`"use strict"; (() => {${own}\n})`)).not.toThrow();
  });

  it('shows any text as text, whatever it holds', async () => {
    const plain = tagsOf(await pageOf(sampleRun({ failing: true, hostile: 'x' })));
    const plainComparison = tagsOf(await comparisonPageOf('x'));
    const attack = fc.constantFrom(
      '</script><img src=x onerror=alert(1)>',
      '"><b>',
      "' onclick='",
      '<!--',
      ']]>',
      '\u2028',
      '&lt;b&gt;',
    );
    const hostile = fc.tuple(fc.string({ unit: 'grapheme', maxLength: 20 }), attack).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        const page = await pageOf(sampleRun({ failing: true, hostile: text }));
        expect(tagsOf(page)).toEqual(plain);
        expect(tagsOf(await comparisonPageOf(text))).toEqual(plainComparison);
        expect(chartsOf(page)[0]!.bands[0]!.label).toBe(`kill s2${text}`);
      }),
      { numRuns: 25, examples: [['</script><img onerror>'], ['</SCRIPT >'], ['<script>']] },
    );
  });

  it('names each chart and describes it for those who do not see it', async () => {
    const page = await pageOf(sampleRun());
    for (const { id, title, description } of chartsOf(page)) {
      expect(page).toContain(`aria-labelledby="${id}-title" aria-describedby="${id}-about"`);
      expect(bodyText(page)).toContain(title);
      expect(description.length).toBeGreaterThan(20);
    }
  });
});

// ---

const sectionIds = [
  'thresholds',
  'checks',
  'latency',
  'messages',
  'servers',
  'owed',
  'cost',
  'instrument',
  'configuration',
  'again',
];

async function pageOf(run: FinishedRun): Promise<string> {
  const out = memoryWriter();
  await htmlReporter(run, out);
  return out.text('report.html');
}

async function comparisonPageOf(hostile = ''): Promise<string> {
  const out = memoryWriter();
  await htmlComparisonReporter(sampleComparison({ hostile }), out);
  return out.text('report.html');
}

function chartsOf(page: string): ChartSpec[] {
  return JSON.parse(/<script type="application\/json" id="charts">([\s\S]*?)<\/script>/.exec(page)![1]!);
}

/** Names of all tags in order, with the names of their attributes. */
function tagsOf(page: string): string[] {
  const markup = page.replace(/<(script|style)\b[^>]*>[\s\S]*?<\/\1>/g, '<$1></$1>');
  return [...markup.matchAll(/<[^>]*>/g)].map(([tag]) => tag.replace(/="[^"]*"/g, ''));
}

function bodyText(page: string): string {
  return page
    .replace(/<(script|style)\b[^>]*>[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ')
    .replace(/ ([:;])/g, '$1');
}
