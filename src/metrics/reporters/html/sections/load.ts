/** Who carried the load, and what a message cost. */
import type { Fairness, FinishedRun, Summary } from '../../../run.ts';
import { serverCharts } from '../../charts/server-charts.ts';
import type { ChartSpec } from '../../charts/spec.ts';
import { bytes, cores, count, figure, judgedCount, milliseconds, perSecond, unknown } from '../../text/format.ts';
import { type Column, chartFigure, countsSection, dataTable, section } from '../parts.ts';
import { type Html, html } from '../template.ts';

export function messagesSection(summary: Summary, charts: readonly ChartSpec[]): Html {
  const { counts, rates } = summary;
  const rows = [
    ['offered', count(counts.offered), perSecond(rates.offered), 'meant to be sent'],
    ['accepted', count(counts.accepted), perSecond(rates.accepted), 'confirmed by a server after it was stored'],
    ['refused', count(counts.refused), '', 'certainly not stored'],
    ['unanswered', count(counts.unknown), '', 'nobody knows whether it was stored'],
    [
      'delivered',
      count(counts.delivered),
      perSecond(rates.delivered),
      'shown to a recipient; a group message counts for each',
    ],
    ['lost', judgedCount(summary, 'lost'), '', 'accepted but never shown to a recipient'],
    ['duplicated', judgedCount(summary, 'duplicated'), '', 'shown twice'],
    ['out of order', judgedCount(summary, 'reordered'), '', 'shown before an earlier one'],
    ['disconnects', count(counts.disconnects), '', 'connections lost'],
  ] as const;
  return countsSection({ id: 'messages', title: 'Messages', caption: `${count(counts.users)} users.`, rows, charts });
}

export function serversSection(run: FinishedRun, charts: readonly ChartSpec[]): Html {
  return section(
    'servers',
    'Servers',
    serverTable(run.summary),
    fairnessTable(run.summary),
    html`<div class="grid">${charts.map(chartFigure)}</div>`,
  );
}

export { serverCharts };

export function costSection({ cpuUsPerMessage }: Summary): Html {
  const roles = { server: 'chat servers', balancer: 'balancer', database: 'database', generator: 'load generator' };
  const rows = (Object.keys(roles) as (keyof typeof roles)[]).map((role) => {
    const cost = cpuUsPerMessage[role];
    return { cells: [roles[role], cost === null ? unknown : `${figure(cost)} µs`] };
  });
  const columns: Column[] = [{ title: '' }, { title: 'CPU per delivered message', kind: 'number' }];
  return section(
    'cost',
    'CPU per message',
    dataTable({ caption: 'Measure phase, all processes of a role together.', columns, rows }),
  );
}

// ---

function serverTable({ servers }: Summary): Html {
  if (servers.length === 0) return html`<p class="muted">No server was sampled.</p>`;
  const titles = ['accepted', 'delivered', 'sessions', 'CPU', 'memory', 'event-loop delay p99'];
  const columns: Column[] = [{ title: 'server' }, ...titles.map((title) => ({ title, kind: 'number' as const }))];
  const rows = servers.map((server) => ({
    cells: [
      server.name,
      perSecond(server.acceptedPerSec),
      perSecond(server.deliveredPerSec),
      count(server.sessions),
      cores(server.cpuFraction),
      bytes(server.rssBytes),
      milliseconds(server.eventLoopP99Ms),
    ],
  }));
  return dataTable({ caption: 'Measure phase.', columns, rows });
}

function fairnessTable({ fairness }: Summary): Html {
  const row = (name: string, { jain, maxOverMean }: Fairness): { cells: string[] } => ({
    cells: [name, jain.toFixed(3), `${maxOverMean.toFixed(2)} ×`],
  });
  const columns: Column[] = [
    { title: 'fairness' },
    { title: 'Jain’s index', kind: 'number' },
    { title: 'largest share over the mean', kind: 'number' },
  ];
  const rows = [row('messages', fairness.rate), row('sessions', fairness.sessions), row('CPU', fairness.cpu)];
  return dataTable({
    caption: '1 is an equal share for each server; servers of unequal strength should not be equal.',
    columns,
    rows,
  });
}
