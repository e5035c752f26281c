/** The summary on the terminal: verdict, thresholds, checks, latency, throughput, servers, instrument. */
import type { FinishedRun, LatencySummary, Summary } from '../run.ts';
import { findTwins } from '../twins.ts';
import { comparisonText } from './console/comparison.ts';
import { type Color, createPaint, heading, type Lines, marks, verdictLine } from './console/parts.ts';
import type { ComparisonReporter, Reporter } from './reporter.ts';
import { eventLine } from './text/events.ts';
import { extraWords } from './text/extra.ts';
import {
  bytes,
  cores,
  count,
  duration,
  figure,
  incompleteness,
  judgedCount,
  milliseconds,
  operationTitles,
  percent,
  perSecond,
  setting,
  shownOperations,
} from './text/format.ts';
import { httpWords } from './text/http.ts';
import { clean, table, wrap } from './text/table.ts';
import { twinWords } from './text/twins.ts';

const timelineLinesMax = 8;

export const consoleReporter: Reporter = async (run, out) => {
  const lines: Lines = { width: out.width, paint: createPaint(out.color) };
  const parts = [verdict, thresholds, checks, latency, throughput, http, extra, servers, twins, instrument, again];
  out.print(`${parts.flatMap((part) => part(run, lines)).join('\n')}\n`);
};

export const consoleComparisonReporter: ComparisonReporter = async (comparison, out) => {
  out.print(comparisonText(comparison, { width: out.width, paint: createPaint(out.color) }));
};

// ---

function verdict(run: FinishedRun, out: Lines): string[] {
  const { record, summary } = run;
  return [
    verdictLine({ name: record.scenario.name, ...summary }, out),
    ...[...summary.reasons, incompleteness(record)].filter(Boolean).flatMap((reason) => indented(reason, out)),
    ...indented(setting(record).join(' · '), out).map((line) => out.paint(line, 'dim')),
  ];
}

function twins(run: FinishedRun, out: Lines): string[] {
  const words = twinWords(run, findTwins(run));
  return words.length === 0 ? [] : [...heading('Elsewhere', out), ...words.flatMap((line) => indented(line, out))];
}

function thresholds({ summary }: FinishedRun, out: Lines): string[] {
  if (summary.thresholds.length === 0) return [];
  const rows = summary.thresholds.map(({ expression, result, actual }) => [
    marks[result],
    expression,
    actual === null ? 'not measured' : `was ${figure(actual)}`,
  ]);
  return [...heading('Thresholds', out), ...table([{ title: '' }, { title: '' }, { title: '' }], rows, out)];
}

function checks({ summary }: FinishedRun, out: Lines): string[] {
  if (summary.checks.length === 0) return [];
  const rows = summary.checks.map((check) => [marks[check.result], check.check, check.summary]);
  const failed = summary.checks.filter((check) => check.result === 'fail');
  return [
    ...heading('Checks', out),
    ...table([{ title: '' }, { title: '' }, { title: '' }], rows, out),
    ...failed.flatMap((check) => evidence(check, out)),
  ];
}

/** The first piece of evidence; the page has the others. */
function evidence({ check, evidence: [first] }: Summary['checks'][number], out: Lines): string[] {
  if (!first) return [];
  const events = first.timeline.slice(0, timelineLinesMax);
  const left = first.timeline.length - events.length;
  return [
    '',
    ...indented(`${check}: ${first.what}`, out),
    ...events.map((event) => out.paint(`    ${clean(eventLine(event))}`.slice(0, out.width), 'dim')),
    ...(left > 0 ? [out.paint(`    … and ${left} more events in report.html`, 'dim')] : []),
  ];
}

function latency(run: FinishedRun, out: Lines): string[] {
  const rows = shownOperations(run).map((name) => [operationTitles[name], ...latencyCells(run.summary.latency[name])]);
  const columns = [
    { title: '' },
    { title: 'count', align: 'right', optional: true },
    ...['p50', 'p90', 'p99', 'p99.9', 'max'].map((title) => ({ title, align: 'right' as const })),
    { title: 'mean', align: 'right', optional: true },
  ] as const;
  return [...heading('Latency', out), ...table(columns, rows, out)];
}

function latencyCells(of: LatencySummary): string[] {
  return [count(of.count), ...[of.p50, of.p90, of.p99, of.p999, of.max, of.mean].map(milliseconds)];
}

function throughput({ summary }: FinishedRun, out: Lines): string[] {
  const { rates, counts } = summary;
  const told = [
    `offered ${perSecond(rates.offered)}, accepted ${perSecond(rates.accepted)}, delivered ${perSecond(rates.delivered)}`,
    `${count(counts.users)} users; ${count(counts.accepted)} accepted, ${count(counts.refused)} refused, ` +
      `${count(counts.unknown)} unanswered, ${count(counts.delivered)} delivered`,
    `${judgedCount(summary, 'lost')} lost, ${judgedCount(summary, 'duplicated')} duplicated, ${judgedCount(summary, 'reordered')} out of order, ` +
      `${count(counts.disconnects)} disconnects`,
  ];
  return [...heading('Throughput', out), ...told.flatMap((line) => indented(line, out))];
}

function http({ summary }: FinishedRun, out: Lines): string[] {
  return summary.http ? [...heading('Sign-ins over HTTP', out), ...indented(httpWords(summary.http), out)] : [];
}

function extra({ summary }: FinishedRun, out: Lines): string[] {
  const words = extraWords(summary);
  return words === '' ? [] : [...heading('Besides messages', out), ...indented(words, out)];
}

function servers({ summary }: FinishedRun, out: Lines): string[] {
  if (summary.servers.length === 0) return [];
  const titles = ['', 'accepted', 'delivered', 'sessions', 'CPU', 'memory', 'event loop p99'];
  const columns = titles.map((title, index) => ({
    title,
    align: index === 0 ? ('left' as const) : ('right' as const),
    optional: index > 3,
  }));
  const rows = summary.servers.map((server) => [
    server.name,
    perSecond(server.acceptedPerSec),
    perSecond(server.deliveredPerSec),
    count(server.sessions),
    cores(server.cpuFraction),
    bytes(server.rssBytes),
    milliseconds(server.eventLoopP99Ms),
  ]);
  const { rate, sessions, cpu } = summary.fairness;
  const fairness =
    `fairness (Jain; 1 is equal): messages ${figure(rate.jain)}, ` +
    `sessions ${figure(sessions.jain)}, CPU ${figure(cpu.jain)}`;
  return [...heading('Servers', out), ...table(columns, rows, out), ...indented(fairness, out)];
}

const stateColors: Readonly<Record<Summary['instrument']['state'], Color>> = {
  VALID: 'green',
  DEGRADED: 'yellow',
  INVALID: 'red',
};

function instrument({ summary, record }: FinishedRun, out: Lines): string[] {
  const { state, reasons, slipP99Ms, lateShare, eventLoopP99Ms, cpuFraction } = summary.instrument;
  const measure = record.phases.find((phase) => phase.name === 'measure');
  const told =
    `sends late by p99 ${milliseconds(slipP99Ms)}, ${percent(lateShare)} of them over 10 ms; ` +
    `event loop p99 ${milliseconds(eventLoopP99Ms)}; CPU ${cores(cpuFraction)}`;
  return [
    ...heading('Instrument', out),
    `  ${out.paint(state, stateColors[state])}`,
    ...reasons.flatMap((reason) => indented(reason, out)),
    ...indented(told, out),
    ...(measure ? indented(`measured for ${duration(measure.toMs - measure.fromMs)}`, out) : []),
  ];
}

function again({ record }: FinishedRun, out: Lines): string[] {
  return [...heading('Run it again', out), `  ${clean(record.again)}`];
}

function indented(text: string, out: Lines): string[] {
  return wrap(text, out.width - 2).map((line) => `  ${line}`);
}
