/** `junit.xml`: one case for each threshold and check, so that a build server can show them. */
import type { Verdict } from '../checks/check.ts';
import type { Comparison } from '../comparison.ts';
import type { FinishedRun, ThresholdResult } from '../run.ts';
import type { ComparisonReporter, Reporter } from './reporter.ts';
import { eventLine } from './text/events.ts';
import { figure, incompleteness } from './text/format.ts';

interface Case {
  readonly suite: string;
  readonly name: string;
  readonly result: 'pass' | 'fail' | 'unknown';
  readonly message: string;
  /** Below the message: what proves it. */
  readonly detail: string;
}

export const junitReporter: Reporter = (run, out) => out.file('junit.xml', document(run.record, runCases(run)));

export const junitComparisonReporter: ComparisonReporter = (comparison, out) =>
  out.file('junit.xml', document(comparison, trialCases(comparison)));

// ---

function runCases(run: FinishedRun): Case[] {
  const { summary } = run;
  const judged = [...summary.thresholds.map(thresholdCase), ...summary.checks.map(checkCase)];
  return [...judged, ...doubtCases(run, judged)];
}

function thresholdCase({ expression, result, actual }: ThresholdResult): Case {
  const message = actual === null ? 'It was not measured.' : `It was ${figure(actual)}.`;
  return { suite: 'thresholds', name: expression, result, message, detail: '' };
}

function checkCase({ check, result, summary, evidence }: Verdict): Case {
  const proofs = evidence.map(({ what, timeline }) => [what, ...timeline.map((event) => `  ${eventLine(event)}`)]);
  return { suite: 'checks', name: check, result, message: summary, detail: proofs.flat().join('\n') };
}

/** A run that cannot be trusted must not look green for want of a case that says so. */
function doubtCases({ record, summary }: FinishedRun, judged: readonly Case[]): Case[] {
  const reasons = [...summary.reasons, ...summary.instrument.reasons, incompleteness(record)].filter(Boolean);
  if (summary.verdict === 'pass' || judged.some(({ result }) => result === summary.verdict)) return [];
  const message = reasons[0] ?? `The verdict is ${summary.verdict}.`;
  return [{ suite: 'run', name: 'verdict', result: summary.verdict, message, detail: reasons.join('\n') }];
}

function trialCases({ arms, verdict, reasons }: Comparison): Case[] {
  const trials = arms.flatMap((arm) =>
    arm.runs.map(
      (run): Case => ({
        suite: arm.name,
        name: `block ${run.block}`,
        result: run.verdict === 'pass' || run.verdict === 'fail' ? run.verdict : 'unknown',
        message: `verdict ${run.verdict}, instrument ${run.instrument}`,
        detail: run.directory,
      }),
    ),
  );
  if (verdict === 'pass' || trials.some(({ result }) => result === verdict)) return trials;
  const message = reasons[0] ?? `The verdict is ${verdict}.`;
  return [...trials, { suite: 'comparison', name: 'verdict', result: verdict, message, detail: reasons.join('\n') }];
}

function document(
  of: { readonly scenario: { readonly name: string }; readonly startedAt: string },
  cases: readonly Case[],
): string {
  const suites = Map.groupBy(cases, ({ suite }) => suite);
  const body = [...suites].map(
    ([suite, own]) =>
      `  <testsuite name="${escapeXml(suite)}" timestamp="${escapeXml(of.startedAt)}" ${counts(own)}>\n` +
      `${own.map((each) => caseXml(of.scenario.name, each)).join('')}  </testsuite>\n`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${escapeXml(of.scenario.name)}" ${counts(cases)}>\n${body.join('')}</testsuites>\n`;
}

function counts(cases: readonly Case[]): string {
  const of = (result: Case['result']): number => cases.filter((each) => each.result === result).length;
  return `tests="${cases.length}" failures="${of('fail')}" errors="${of('unknown')}"`;
}

/** Unknown is an error: it was not shown to fail, and must not pass for success. */
function caseXml(scenario: string, { suite, name, result, message, detail }: Case): string {
  const open = `    <testcase classname="${escapeXml(`${scenario}.${suite}`)}" name="${escapeXml(name)}"`;
  if (result === 'pass') return `${open}/>\n`;
  const kind = result === 'fail' ? 'failure' : 'error';
  const text = escapeXml(detail ? `${message}\n${detail}` : message);
  return `${open}>\n      <${kind} message="${escapeXml(message)}">${text}</${kind}>\n    </testcase>\n`;
}

/** XML has no way at all to hold most control characters and lone surrogates; they become a replacement character. */
function escapeXml(text: string): string {
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
      .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  );
}
