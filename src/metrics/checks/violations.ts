/** What checks have in common when they find something, and when they speak their verdict. */
import type { Evidence, Focus, Verdict } from './check.ts';

export interface Violations {
  readonly count: number;
  /** Counts one; the first ten are kept in words. */
  report(what: () => string, focus: Partial<Focus>): void;
  evidence(): readonly Evidence[];
}

const evidenceMax = 10;

export function createViolations(): Violations {
  const kept: Evidence[] = [];
  let count = 0;
  return {
    get count() {
      return count;
    },
    report(what, focus) {
      count += 1;
      if (kept.length >= evidenceMax) return;
      kept.push({
        what: what(),
        focus: { conversation: 0, seqs: [], messages: [], actors: [], ...focus },
        timeline: [],
      });
    },
    evidence: () => kept,
  };
}

export interface Findings {
  readonly check: string;
  readonly violations: Violations;
  /** How many things were judged; with none the verdict is `unknown`. */
  readonly judged: number;
  /** Said when something was judged, for example "8 messages were owed to 12 members". */
  readonly words: string;
  /** Said when nothing was. */
  readonly nothing: string;
}

/** Fail when there are violations, unknown when nothing could have shown one, else pass. */
export function verdictOf({ check, violations, judged, words, nothing }: Findings): Verdict {
  const { count } = violations;
  const result = count > 0 ? 'fail' : judged === 0 ? 'unknown' : 'pass';
  return {
    check,
    result,
    summary: result === 'unknown' ? nothing : words,
    violations: count,
    evidence: violations.evidence(),
  };
}

/** `count("message", 1)` is "1 message", with 2 "2 messages". */
export function count(noun: string, howMany: number, plural = `${noun}s`): string {
  return `${howMany} ${howMany === 1 ? noun : plural}`;
}
