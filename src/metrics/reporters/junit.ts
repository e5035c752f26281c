/** `junit.xml`: one case for each threshold and check, so that a build server can show them. */
import type { Verdict } from '../checks/check.ts';
import { isAbstention } from '../checks/index.ts';
import type { Comparison } from '../comparison.ts';
import type { FinishedRun, ThresholdResult } from '../run.ts';
import type { ComparisonReporter, Reporter } from './reporter.ts';
import { eventLine } from './text/events.ts';
import { figure, incompleteness } from './text/format.ts';

/** What becomes one test case. */
export interface JunitCase {
  readonly scenario: string;
  readonly startedAt: string;
  readonly suite: string;
  readonly name: string;
  readonly result: 'pass' | 'fail' | 'unknown' | 'skipped';
  readonly message: string;
  /** Below the message: what proves it. */
  readonly detail: string;
}

export const junitReporter: Reporter = (run, out) => out.file('junit.xml', junitDocument(junitOfRun(run)));

export const junitComparisonReporter: ComparisonReporter = (comparison, out) =>
  out.file('junit.xml', junitDocument(junitOfComparison(comparison)));

/** One case for each threshold and check. */
export function junitOfRun(run: FinishedRun): JunitCase[] {
  const { record, summary } = run;
  const judged = [...summary.thresholds.map(thresholdCase), ...summary.checks.map(checkCase)];
  return of(record, [...judged, ...doubtCases(run, judged)]);
}

/** One case for each trial. */
export function junitOfComparison(comparison: Comparison): JunitCase[] {
  return of(comparison, trialCases(comparison));
}

/** One case that says why there is no other. */
export function junitOfFailure(scenario: string, at: string, message: string): JunitCase[] {
  const failed: Case = { suite: 'run', name: 'verdict', result: 'unknown', message, detail: '' };
  return of({ scenario: { name: scenario }, startedAt: at }, [failed]);
}

/** A whole document. Suites with equal names are one. */
export function junitDocument(cases: readonly JunitCase[]): string {
  const suites = Map.groupBy(cases, ({ scenario, suite }) => `${scenario}.${suite}`);
  const body = [...suites].map(
    ([suite, own]) =>
      `  <testsuite name="${escapeXml(suite)}" timestamp="${escapeXml(own[0]!.startedAt)}" ${counts(own)} skipped="${skipped(own)}">\n` +
      `${own.map((each) => caseXml(suite, each)).join('')}  </testsuite>\n`,
  );
  const name = [...new Set(cases.map(({ scenario }) => scenario))].join(', ');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${escapeXml(name)}" ${counts(cases)}>\n${body.join('')}</testsuites>\n`;
}

// ---

type Case = Omit<JunitCase, 'scenario' | 'startedAt'>;

function of(
  { scenario, startedAt }: { readonly scenario: { readonly name: string }; readonly startedAt: string },
  cases: readonly Case[],
): JunitCase[] {
  return cases.map((each) => ({ ...each, scenario: scenario.name, startedAt }));
}

function thresholdCase({ expression, result, actual }: ThresholdResult): Case {
  const message = actual === null ? 'It was not measured.' : `It was ${figure(actual)}.`;
  return { suite: 'thresholds', name: expression, result, message, detail: '' };
}

/** A check that found nothing to judge, and may, is no error. */
function checkCase(verdict: Verdict): Case {
  const { check, summary, evidence } = verdict;
  const proofs = evidence.map(({ what, timeline }) => [what, ...timeline.map((event) => `  ${eventLine(event)}`)]);
  const result = isAbstention(verdict) ? 'skipped' : verdict.result;
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

function counts(cases: readonly JunitCase[]): string {
  const count = (result: JunitCase['result']): number => cases.filter((each) => each.result === result).length;
  return `tests="${cases.length}" failures="${count('fail')}" errors="${count('unknown')}"`;
}

function skipped(cases: readonly JunitCase[]): number {
  return cases.filter(({ result }) => result === 'skipped').length;
}

/** Unknown is an error: it was not shown to fail, and must not pass for success. */
const elements = { fail: 'failure', unknown: 'error', skipped: 'skipped' } as const;

function caseXml(suite: string, { name, result, message, detail }: JunitCase): string {
  const open = `    <testcase classname="${escapeXml(suite)}" name="${escapeXml(name)}"`;
  if (result === 'pass') return `${open}/>\n`;
  const kind = elements[result];
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
