/** Sections of the comparison's page. */
import type { ComparedMetric, Comparison, Difference } from '../../../comparison.ts';
import { jain } from '../../charts/comparison-charts.ts';
import { inUnit, percent, unknown } from '../../text/format.ts';
import { shortWords, tellingMetrics } from '../../text/telling.ts';
import { type Column, dataTable, resultWord, section } from '../parts.ts';
import { type Html, html } from '../template.ts';
import { notesList } from './configuration.ts';

const number = 'number' as const;

export function findingsSection({ findings, notes }: Comparison): Html {
  return section(
    'findings',
    'What was shown',
    findings.length > 0
      ? html`<ul>${findings.map((finding) => html`<li>${finding}</li>`)}</ul>`
      : html`<p class="muted">Nothing: no trial was finished by every strategy.</p>`,
    notesList(notes),
  );
}

/** Each strategy against the baseline, metric by metric, in words and numbers. */
export function differencesTables(comparison: Comparison): Html {
  const { telling, silent } = tellingMetrics(comparison);
  const tables = (metrics: readonly ComparedMetric[]): Html[] =>
    metrics.map((metric) => differencesTable(metric, comparison.baseline));
  return html`<p class="note caption">Medians over the trials; differences are paired by block. “Would have shown”: the
smallest true difference that these trials would have shown four times in five.</p>
${tables(telling)}
${
  silent.length > 0 &&
  html`<details><summary>No difference was shown in ${silent.map(({ metric }) => metric).join(', ')}</summary>
${tables(silent)}</details>`
}`;
}

export function sharesTable({ arms }: Comparison): Html {
  const columns: Column[] = [
    { title: 'strategy' },
    { title: 'messages: Jain', kind: number },
    { title: 'largest share', kind: number },
    { title: 'sessions: Jain', kind: number },
    { title: 'largest share', kind: number },
    { title: 'CPU: Jain', kind: number },
    { title: 'largest share', kind: number },
  ];
  const pair = (shares: readonly number[]): string[] => [
    jain(shares)?.toFixed(3) ?? unknown,
    percent(shares.length > 0 ? Math.max(...shares) : null),
  ];
  const rows = arms.map(({ name, servers }) => ({
    cells: [
      name,
      ...pair(servers.map(({ rateShare }) => rateShare)),
      ...pair(servers.map(({ sessionShare }) => sessionShare)),
      ...pair(servers.map(({ cpuShare }) => cpuShare)),
    ],
  }));
  return dataTable({
    caption: 'Fairness of the mean shares. 1 is equal; servers of unequal strength should not be equal.',
    columns,
    rows,
  });
}

/** Every trial's value, so that nobody has to trust the medians. */
export function trialsSection(comparison: Comparison): Html {
  const { metrics, blocks } = comparison;
  const columns: Column[] = [
    { title: 'metric' },
    { title: 'strategy' },
    ...blocks.map(({ block }) => ({ title: `block ${block}`, kind: number })),
  ];
  const rows = metrics.flatMap((metric) =>
    metric.arms.map((arm, index) => ({
      cells: [index === 0 ? metric.metric : '', arm.name, ...arm.values.map((value) => inUnit(value, metric.unit))],
      ...(index === 0 ? { style: 'first' as const } : {}),
    })),
  );
  return section(
    'trials',
    'Trials',
    dataTable({ caption: 'The value of each trial. All strategies of one block met the same trace.', columns, rows }),
    blocksTable(comparison),
    runsTable(comparison),
  );
}

// ---

function differencesTable(metric: ComparedMetric, baseline: string): Html {
  const columns: Column[] = [
    { title: metric.metric },
    { title: 'in words', kind: 'words' },
    { title: 'median', kind: number },
    { title: 'difference', kind: number },
    { title: '95 % interval', kind: number },
    { title: 'relative', kind: number },
    { title: 'p', kind: number },
    { title: 'would have shown', kind: number },
  ];
  const rows = metric.arms.map((arm) => {
    const difference = metric.differences.find((each) => each.arm === arm.name);
    const words = difference ? differenceWords(difference, metric.unit) : arm.name === baseline ? 'baseline' : '';
    return { cells: [arm.name, words, inUnit(arm.median, metric.unit), ...differenceCells(metric, difference)] };
  });
  const caption = `${metric.metric} against ${baseline}; ${metric.better} is better.`;
  return dataTable({ caption, columns, rows });
}

function differenceCells({ unit }: ComparedMetric, of: Difference | undefined): string[] {
  if (!of) return ['', '', '', '', ''];
  return [
    signed(of.difference, unit),
    of.interval ? `${signed(of.interval[0], '')} to ${signed(of.interval[1], unit)}` : unknown,
    of.relative === null ? unknown : signed(of.relative * 100, '%'),
    of.p === null ? unknown : of.p.toFixed(3),
    of.smallestEffect === null ? unknown : `± ${inUnit(of.smallestEffect, unit)}`,
  ];
}

function differenceWords(of: Difference, unit: string): Html {
  return html`<span class="${of.shown}">${shortWords(of, unit)}</span>`;
}

function signed(value: number | null, unit: string): string {
  return (value !== null && value > 0 ? '+' : '') + inUnit(value, unit);
}

function blocksTable({ blocks }: Comparison): Html {
  const rows = blocks.map(({ block, traceHash, order }) => ({
    cells: [`block ${block}`, traceHash, order.join(' → ')],
  }));
  const columns: Column[] = [{ title: '' }, { title: 'trace' }, { title: 'order of the trials', kind: 'words' }];
  return dataTable({ caption: 'Blocks: one trial of each strategy, in an order drawn by the seed.', columns, rows });
}

function runsTable({ arms, blocks }: Comparison): Html {
  const columns: Column[] = [{ title: 'report of' }, ...blocks.map(({ block }) => ({ title: `block ${block}` }))];
  const rows = arms.map((arm) => ({
    cells: [
      arm.name,
      ...blocks.map(({ block }) => {
        const run = arm.runs.find((each) => each.block === block);
        return run
          ? html`<a href="${reportAddress(run.directory)}">${resultWord(run.verdict)}, ${resultWord(run.instrument)}</a>`
          : unknown;
      }),
    ],
  }));
  return dataTable({ caption: 'The report of each trial: verdict and instrument.', columns, rows });
}

/** Relative always, whatever the folder is called: `./` keeps a name with a colon from being read as a scheme. */
function reportAddress(directory: string): string {
  const parts = directory.split(/[\\/]/).filter(Boolean).map(encodeURIComponent);
  return `./${[...parts, 'report.html'].join('/')}`;
}
