/** Requests over HTTP, where the scenario has any. */
import type { FinishedRun, HttpSummary } from '../../../run.ts';
import type { ChartSpec } from '../../charts/spec.ts';
import { latencyOverTime } from '../../charts/time-charts.ts';
import { httpRows } from '../../text/http.ts';
import { type Column, chartFigure, dataTable, section } from '../parts.ts';
import type { Html } from '../template.ts';

/** Nothing to draw where nothing was asked. */
export function httpCharts(run: FinishedRun): ChartSpec[] {
  return run.summary.http ? [latencyOverTime(run, 'signIn')] : [];
}

export function httpSection(http: HttpSummary, charts: readonly ChartSpec[]): Html {
  const columns: Column[] = [
    { title: '' },
    { title: 'count', kind: 'number' },
    { title: 'rate', kind: 'number' },
    { title: 'meaning', kind: 'words' },
  ];
  return section(
    'http',
    'Sign-ins over HTTP',
    dataTable({
      caption: 'Those that were due in the measure phase. Their latency stands among the others, above.',
      columns,
      rows: httpRows(http).map((cells) => ({ cells })),
    }),
    charts.map(chartFigure),
  );
}
