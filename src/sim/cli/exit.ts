/** Exit status is the verdict. */
export const exitStatus = { pass: 0, fail: 1, unknown: 2, couldNotRun: 3 } as const;

/** Ended by the person at the keyboard; what shells report for SIGINT. */
export const interrupted = 130;

/** The exit status of several runs: the worst of them. */
export function worstStatus(statuses: readonly number[]): number {
  const order = [exitStatus.pass, exitStatus.unknown, exitStatus.fail, exitStatus.couldNotRun, interrupted];
  return statuses.reduce((worst, next) => (order.indexOf(next as 0) > order.indexOf(worst as 0) ? next : worst), 0);
}
