import { isAbstention } from './checks/index.ts';
import type { RunRecord, Summary } from './run.ts';

export interface Reason {
  readonly verdict: 'fail' | 'unknown';
  readonly words: string;
}

/**
 * Why a run did not pass, the gravest first; the first decides. What a check found is true whatever the generator did;
 * a number is not, so an invalid instrument stands before the thresholds.
 */
export function reasonsOf(record: RunRecord, summary: Pick<Summary, 'checks' | 'instrument' | 'thresholds'>): Reason[] {
  return [
    ...failedChecks(summary).map(because('fail')),
    ...lostParts(record).map(because('fail')),
    ...invalidInstrument(summary).map(because('unknown')),
    ...endedEarly(record).map(because('fail')),
    ...failedThresholds(summary).map(because('fail')),
    ...incomplete(record).map(because('unknown')),
    ...record.faults
      .filter((fault) => !fault.effective)
      .map(({ kind, target }) => `nothing shows that the fault ${kind} of ${target} took effect`)
      .map(because('unknown')),
    ...openQuestions(summary).map(because('unknown')),
  ];
}

// ---

function because(verdict: Reason['verdict']): (words: string) => Reason {
  return (words) => ({ verdict, words });
}

function failedChecks(summary: Pick<Summary, 'checks'>): string[] {
  return summary.checks
    .filter(({ result }) => result === 'fail')
    .map((verdict) => `${verdict.check}: ${verdict.summary}`);
}

/** Without the last lines of its log. */
function lostParts({ losses = [] }: RunRecord): string[] {
  return losses.map(({ atMs, words }) => `at ${(atMs / 1000).toFixed(1)} s ${words.split(' Its last lines:', 1)[0]}`);
}

function invalidInstrument({ instrument }: Pick<Summary, 'instrument'>): string[] {
  return instrument.state === 'INVALID' ? [`the generator was not up to it: ${instrument.reasons.join('; ')}`] : [];
}

function endedEarly({ endedEarly: end }: RunRecord): string[] {
  if (!end) return [];
  return [`the run was ended early, at ${(end.atMs / 1000).toFixed(1)} s: ${end.threshold} was missed: ${end.actual}`];
}

function failedThresholds(summary: Pick<Summary, 'thresholds'>): string[] {
  return summary.thresholds
    .filter(({ result }) => result === 'fail')
    .map(({ expression, actual }) => `threshold ${expression} was missed: ${actual}`);
}

function incomplete(record: RunRecord): string[] {
  if (record.complete) return [];
  return [`the run is not complete: ${record.aborted ?? 'it was ended from outside'}`];
}

/** A check that may abstain says nothing against a run by having had nothing to judge. */
function openQuestions(summary: Pick<Summary, 'checks' | 'thresholds'>): string[] {
  const unknownChecks = summary.checks.filter((verdict) => verdict.result === 'unknown' && !isAbstention(verdict));
  const unknownThresholds = summary.thresholds.filter(({ result }) => result === 'unknown');
  return [
    ...unknownChecks.map((verdict) => `${verdict.check}: ${verdict.summary}`),
    ...unknownThresholds.map(
      ({ expression }) => `threshold ${expression} could not be judged: the run has no such number`,
    ),
  ];
}
