/** The page of one run, from the verdict to the line that runs it again. */
import type { FinishedRun } from '../../run.ts';
import { findTwins } from '../../twins.ts';
import { backlogOverTime, ratesOverTime, usersOverTime } from '../charts/time-charts.ts';
import { duration, incompleteness, judgedCount, milliseconds, perSecond, setting } from '../text/format.ts';
import type { Page } from './page.ts';
import { again, chartFigure, contents, heading, section, tiles, verdictBox } from './parts.ts';
import { configurationSection, instrumentSection } from './sections/configuration.ts';
import { extraCharts, extraSection } from './sections/extra.ts';
import { httpCharts, httpSection } from './sections/http.ts';
import { checksSection, thresholdsSection } from './sections/judged.ts';
import { latencyCharts, latencySection } from './sections/latency.ts';
import { costSection, messagesSection, serverCharts, serversSection } from './sections/load.ts';
import { twinsSection } from './sections/twins.ts';
import { html } from './template.ts';

const sections = [
  ['thresholds', 'Thresholds'],
  ['checks', 'Checks'],
  ['latency', 'Latency'],
  ['messages', 'Messages'],
  ['http', 'Sign-ins'],
  ['extra', 'Besides messages'],
  ['servers', 'Servers'],
  ['owed', 'Backlog'],
  ['cost', 'CPU per message'],
  ['twins', 'The same trace elsewhere'],
  ['instrument', 'Instrument'],
  ['configuration', 'Configuration'],
  ['again', 'Run it again'],
] as const;

export function runPage(run: FinishedRun): Page {
  const { record, summary } = run;
  const latency = latencyCharts(run);
  const rates = [ratesOverTime(run), usersOverTime(run)];
  const http = httpCharts(run);
  const extra = extraCharts(run);
  const servers = serverCharts(run);
  const backlog = backlogOverTime(run);
  const twins = findTwins(run);
  const has = {
    http: summary.http !== null,
    extra: Object.keys(summary.extra).length > 0,
    twins: twins.length > 0,
  };
  const missing = incompleteness(record);
  const body = html`${heading({ ...record.scenario, facts: setting(record) })}
<main>
${verdictBox({ ...summary, reasons: [...summary.reasons, ...(missing ? [missing] : [])], told: told(run) })}
${tiles([
  ['delivery, median', milliseconds(summary.latency.delivery.p50)],
  ['delivery, p99', milliseconds(summary.latency.delivery.p99)],
  ['accepted, p99', milliseconds(summary.latency.accepted.p99)],
  ['delivered', perSecond(summary.rates.delivered)],
  ['lost', judgedCount(summary, 'lost')],
])}
${contents(sections.filter(([id]) => !(id in has) || has[id as keyof typeof has]))}
${thresholdsSection(summary)}
${checksSection(summary)}
${latencySection(run, latency)}
${messagesSection(summary, rates)}
${summary.http && httpSection(summary.http, http)}
${has.extra && extraSection(summary, extra)}
${serversSection(run, servers)}
${section('owed', 'Backlog', chartFigure(backlog))}
${costSection(summary)}
${twins.length > 0 && twinsSection(run, twins)}
${instrumentSection(summary.instrument, 'lateness counts in all latencies above')}
${configurationSection(run)}
${again(record.again)}
</main>`;
  return {
    title: `${record.scenario.name} · ${record.strategy} · ${summary.verdict}`,
    body,
    charts: [...latency, ...rates, ...http, ...extra, ...servers, backlog],
  };
}

// ---

function told({ record }: FinishedRun): string {
  const measure = record.phases.find(({ name }) => name === 'measure');
  const measured = measure ? `Measured for ${duration(measure.toMs - measure.fromMs)}.` : 'Nothing was measured.';
  return `Started ${record.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}. ${measured}`;
}
