import { type CheckName, checks, type Summary, type Verdict } from '../../src/metrics/index.ts';

/** The checks that a run did not pass; one that may abstain and found nothing to judge is none of them. */
export function unkept({ checks: verdicts }: Summary): Verdict[] {
  return verdicts.filter(
    ({ check, result }) => result === 'fail' || (result === 'unknown' && !checks[check as CheckName].mayAbstain),
  );
}
