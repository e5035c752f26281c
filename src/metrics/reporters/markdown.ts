/** `summary.md`: for a pull request or a job summary. */
import type { Comparison } from '../comparison.ts';
import type { FinishedRun, InstrumentVerdict } from '../run.ts';
import type { ComparisonReporter, Reporter } from './reporter.ts';
import { eventLine } from './text/events.ts';
import { extraWords } from './text/extra.ts';
import {
  count,
  figure,
  incompleteness,
  inUnit,
  judgedCount,
  milliseconds,
  operationTitles,
  perSecond,
  setting,
  shownOperations,
} from './text/format.ts';
import { httpWords } from './text/http.ts';
import { instrumentWords, tellingMetrics } from './text/telling.ts';

export const markdownReporter: Reporter = (run, out) => out.file('summary.md', runMarkdown(run));

export const markdownComparisonReporter: ComparisonReporter = (comparison, out) =>
  out.file('summary.md', comparisonMarkdown(comparison));

// ---

function runMarkdown(run: FinishedRun): string {
  const { record, summary } = run;
  const { rates } = summary;
  const latency = shownOperations(run).map((name) => {
    const of = summary.latency[name];
    return [operationTitles[name], count(of.count), ...[of.p50, of.p90, of.p99, of.p999, of.max].map(milliseconds)];
  });
  return blocks(
    head(record.scenario.name, summary.verdict, summary.instrument),
    list([...summary.reasons, incompleteness(record)].filter(Boolean)),
    escapeMarkdown(setting(record).join(' · ')),
    table(
      ['threshold', 'result', 'measured'],
      summary.thresholds.map(({ expression, result, actual }) => [
        expression,
        word(result),
        actual === null ? 'not measured' : figure(actual),
      ]),
    ),
    table(
      ['check', 'result', 'in words'],
      summary.checks.map(({ check, result, summary: words }) => [check, word(result), words]),
    ),
    ...summary.checks
      .flatMap(({ evidence }) => evidence.slice(0, 1))
      .map(({ what, timeline }) => details(what, timeline.map(eventLine))),
    table(['latency', 'count', 'p50', 'p90', 'p99', 'p99.9', 'max'], latency),
    escapeMarkdown(
      `Offered ${perSecond(rates.offered)}, accepted ${perSecond(rates.accepted)}, delivered ${perSecond(rates.delivered)}; ` +
        `${judgedCount(summary, 'lost')} lost, ${judgedCount(summary, 'duplicated')} duplicated, ${judgedCount(summary, 'reordered')} out of order.`,
    ),
    escapeMarkdown(extraWords(summary)),
    summary.http ? escapeMarkdown(`Over HTTP: ${httpWords(summary.http)}.`) : '',
    again(record.again),
  );
}

function comparisonMarkdown(comparison: Comparison): string {
  const { scenario, arms, blocks: trials, baseline } = comparison;
  const { telling, silent } = tellingMetrics(comparison);
  const tables = telling.map((metric) =>
    table(
      [metric.metric, 'median', `against ${baseline}`],
      metric.arms.map((arm) => {
        const words = metric.differences.find((each) => each.arm === arm.name)?.words;
        return [arm.name, inUnit(arm.median, metric.unit), words ?? (arm.name === baseline ? 'baseline' : '')];
      }),
    ),
  );
  return blocks(
    head(scenario.name, comparison.verdict, comparison.instrument, instrumentWords(comparison)),
    list(comparison.reasons),
    escapeMarkdown(`${arms.length} strategies · ${trials.length} trials of each · seed ${comparison.seed}`),
    list(comparison.findings),
    ...tables,
    silent.length > 0
      ? escapeMarkdown(`No difference was shown in ${silent.map(({ metric }) => metric).join(', ')}.`)
      : '',
    again(comparison.again),
  );
}

function head(name: string, verdict: string, { state, reasons }: InstrumentVerdict, told: string = state): string {
  const doubt = reasons.length > 0 ? `: ${escapeMarkdown(reasons.join('; '))}` : '';
  return `## ${escapeMarkdown(name)}: ${verdict.toUpperCase()}\n\nInstrument **${told}**${doubt}`;
}

function word(result: string): string {
  return result === 'fail' ? 'FAIL' : result;
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${escapeMarkdown(item)}`).join('\n');
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  return [
    line(titles),
    `|${titles.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`,
    ...rows.map(line),
  ].join('\n');
}

function details(title: string, lines: readonly string[]): string {
  return `<details><summary>${escapeMarkdown(title)}</summary>\n\n${fenced(lines.join('\n'))}\n\n</details>`;
}

function again(line: string): string {
  return `Run it again:\n\n${fenced(line)}`;
}

/** A fence longer than any run of backticks inside it. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}

function blocks(...parts: readonly string[]): string {
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

/** Text stays text: no markup, no HTML, no mention of a user, one line. */
function escapeMarkdown(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/@/g, '&#64;')
    .replace(/[\\`*_{}[\]|~#]/g, '\\$&');
}
