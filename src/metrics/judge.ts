/** Puts a history before the checks. */
import type { Verdict } from './checks/check.ts';
import { type CheckName, checkNames, checks } from './checks/index.ts';
import type { History } from './history/reader.ts';
import type { Judgement } from './summary.ts';
import { createTally } from './tally.ts';
import { withTimelines } from './timelines.ts';

/** The verdicts in the order of `names`. */
export async function judge(history: History, names: readonly CheckName[] = checkNames): Promise<readonly Verdict[]> {
  return (await judgeRun(history, names)).verdicts;
}

/**
 * One reading for the verdicts and the counts; when something was found, two more for the timelines. A history that was
 * cut short proves what it shows, but nothing by what it lacks: its passes are `unknown`.
 */
export async function judgeRun(history: History, names: readonly CheckName[] = checkNames): Promise<Judgement> {
  const tally = createTally();
  const folds = [tally, ...names.map((name) => checks[name].create())] as const;
  for await (const batch of history) {
    for (const fold of folds) for (const event of batch) fold.add(event);
  }
  const [, ...judges] = folds;
  const verdicts = judges.map((check) => doubtIfCut(check.verdict(), history.cut()));
  return { verdicts: await withTimelines(verdicts, history), tally: tally.tally() };
}

// ---

function doubtIfCut(verdict: Verdict, cut: readonly string[]): Verdict {
  if (cut.length === 0 || verdict.result !== 'pass') return verdict;
  return {
    ...verdict,
    result: 'unknown',
    summary: `${verdict.summary}, but the history is cut short (${cut.join(', ')})`,
  };
}
