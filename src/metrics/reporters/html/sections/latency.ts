/** The latency table: each operation from the intended moment and, below it, from the actual send. */
import type { FinishedRun } from '../../../run.ts';
import { runDistribution } from '../../charts/distribution-charts.ts';
import type { ChartSpec } from '../../charts/spec.ts';
import { latencyOverTime } from '../../charts/time-charts.ts';
import { count, duration, milliseconds, moment, operationTitles, shownOperations } from '../../text/format.ts';
import { type Column, chartFigure, dataTable, section } from '../parts.ts';
import { type Html, html } from '../template.ts';

const faultsMax = 100;

export function latencyCharts(run: FinishedRun): ChartSpec[] {
  return [latencyOverTime(run, 'delivery'), latencyOverTime(run, 'accepted'), runDistribution(run)];
}

export function latencySection(run: FinishedRun, charts: readonly ChartSpec[]): Html {
  return section('latency', 'Latency', latencyTable(run), faultsTable(run), charts.map(chartFigure));
}

// ---

function latencyTable(run: FinishedRun): Html {
  const rows = shownOperations(run).map((name) => {
    const of = run.summary.latency[name];
    const values = [of.p50, of.p90, of.p99, of.p999, of.max, of.mean].map(milliseconds);
    return {
      cells: [operationTitles[name], count(of.count), ...values],
      style: name.endsWith('Uncorrected') ? ('sub' as const) : undefined,
    };
  });
  const numbers = ['count', 'p50', 'p90', 'p99', 'p99.9', 'max', 'mean'];
  const columns: Column[] = [{ title: '' }, ...numbers.map((title) => ({ title, kind: 'number' as const }))];
  return html`${dataTable({
    caption: 'Measure phase. Latency counts from the moment at which the message was meant to be sent.',
    columns,
    rows: rows.map(({ cells, style }) => (style ? { cells, style } : { cells })),
  })}
<p class="note">“From the actual send” leaves out the time a message waited for a late sender. – stands where fewer than
ten samples lie beyond the percentile.</p>`;
}

function faultsTable({ record: { faults } }: FinishedRun): Html | null {
  if (faults.length === 0) return null;
  const shown = faults.slice(0, faultsMax);
  const rows = shown.map((fault) => ({
    cells: [
      `${fault.kind} ${fault.target}`,
      moment(fault.fromMs),
      fault.toMs === null ? 'to the end' : duration(fault.toMs - fault.fromMs),
      fault.effective ? fault.proof : `Nothing showed that it took effect. ${fault.proof}`,
    ],
  }));
  const columns: Column[] = [
    { title: 'fault' },
    { title: 'at', kind: 'number' },
    { title: 'for', kind: 'number' },
    { title: 'seen by', kind: 'words' },
  ];
  const rest = faults.length > shown.length ? ` The first ${faultsMax} of ${count(faults.length)}.` : '';
  return dataTable({ caption: `Faults as measured; the shaded bands of the charts.${rest}`, columns, rows });
}
