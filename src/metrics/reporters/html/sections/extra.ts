/** What a scenario has besides messages: presence, typing, images. */
import type { FinishedRun, OperationName, Summary } from '../../../run.ts';
import type { ChartSpec } from '../../charts/spec.ts';
import { latencyOverTime } from '../../charts/time-charts.ts';
import { extraRows } from '../../text/extra.ts';
import { countsSection } from '../parts.ts';
import type { Html } from '../template.ts';

const drawn: readonly OperationName[] = ['presence', 'upload', 'download'];

/** One for each of its operations that happened. */
export function extraCharts(run: FinishedRun): ChartSpec[] {
  if (extraRows(run.summary).length === 0) return [];
  return drawn.filter((name) => run.summary.latency[name].count > 0).map((name) => latencyOverTime(run, name));
}

export function extraSection(summary: Summary, charts: readonly ChartSpec[]): Html {
  const caption = 'In the measure phase. Latencies stand among the others, above.';
  return countsSection({ id: 'extra', title: 'Besides messages', caption, rows: extraRows(summary), charts });
}
