/** Requests over HTTP, where the scenario has any. */
import type { FinishedRun, HttpSummary } from '../../../run.ts';
import type { ChartSpec } from '../../charts/spec.ts';
import { latencyOverTime } from '../../charts/time-charts.ts';
import { httpRows } from '../../text/http.ts';
import { countsSection } from '../parts.ts';
import type { Html } from '../template.ts';

/** Nothing to draw where nothing was asked. */
export function httpCharts(run: FinishedRun): ChartSpec[] {
  return run.summary.http ? [latencyOverTime(run, 'signIn')] : [];
}

export function httpSection(http: HttpSummary, charts: readonly ChartSpec[]): Html {
  const caption = 'Those that were due in the measure phase. Their latency stands among the others, above.';
  return countsSection({ id: 'http', title: 'Sign-ins over HTTP', caption, rows: httpRows(http), charts });
}
