/** The comparison on the terminal: verdict, findings, the table of medians and differences, instrument. */
import type { ComparedMetric, Comparison, Difference } from '../../comparison.ts';
import { inUnit } from '../text/format.ts';
import { type Cell, clean, table, wrap } from '../text/table.ts';
import { instrumentWords, shortWords, tellingMetrics } from '../text/telling.ts';
import { type Color, heading, type Lines, verdictLine } from './parts.ts';

const shownColors: Readonly<Record<Difference['shown'], Color>> = { better: 'green', worse: 'red', none: 'dim' };

export function comparisonText(comparison: Comparison, out: Lines): string {
  const { scenario, arms, blocks, baseline, findings } = comparison;
  const { telling, silent } = tellingMetrics(comparison);
  const trials = `${arms.length} strategies · ${blocks.length} trials of each · baseline ${baseline} · seed ${comparison.seed}`;
  const lines = [
    verdictLine({ name: scenario.name, ...comparison, told: instrumentWords(comparison) }, out),
    ...comparison.reasons.flatMap((reason) => indented(reason, out)),
    out.paint(`  ${clean(trials)}`, 'dim'),
    ...heading('What was shown', out),
    ...(findings.length > 0 ? findings : ['Nothing: no trial was finished by every strategy.']).flatMap((finding) =>
      indented(`· ${finding}`, out),
    ),
    ...heading('Against the baseline', out),
    ...telling.flatMap((metric) => metricLines(metric, comparison, out)),
    ...(silent.length > 0
      ? indented(`No difference was shown in ${silent.map(({ metric }) => metric).join(', ')}.`, out)
      : []),
    ...(comparison.notes.length > 0 ? heading('Notes', out) : []),
    ...comparison.notes.flatMap((note) => indented(`· ${note}`, out)),
    ...heading('Instrument', out),
    `  ${instrumentWords(comparison)}`,
    ...comparison.instrument.reasons.flatMap((reason) => indented(`in the worst: ${reason}`, out)),
    ...heading('Run it again', out),
    `  ${clean(comparison.again)}`,
  ];
  return `${lines.join('\n')}\n`;
}

// ---

function metricLines(metric: ComparedMetric, { baseline }: Comparison, out: Lines): string[] {
  const columns = [
    { title: metric.metric },
    { title: 'median', align: 'right' as const },
    { title: '95 % interval of the difference', align: 'right' as const, optional: true },
    { title: 'against the baseline' },
  ];
  const rows = metric.arms.map((arm): Cell[] => {
    const difference = metric.differences.find((each) => each.arm === arm.name);
    return [
      arm.name,
      inUnit(arm.median, metric.unit),
      intervalText(difference, metric.unit),
      difference
        ? { text: shortWords(difference, metric.unit), color: shownColors[difference.shown] }
        : { text: arm.name === baseline ? 'baseline' : '', color: 'dim' },
    ];
  });
  return [...table(columns, rows, out), ''];
}

function intervalText(difference: Difference | undefined, unit: string): string {
  if (!difference?.interval) return '';
  return difference.interval.map((end) => (end > 0 ? '+' : '') + inUnit(end, unit)).join(' … ');
}

function indented(text: string, out: Lines): string[] {
  return wrap(text, out.width - 4).map((line, index) => (index === 0 ? `  ${line}` : `    ${line}`));
}
