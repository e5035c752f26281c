import { backlogExact } from './backlog-exact.ts';
import type { CheckEntry } from './check.ts';
import { gapFree } from './gap-free.ts';
import { noAcceptedLost } from './no-accepted-lost.ts';
import { notVacuous } from './not-vacuous.ts';

/** Every check by its name. To add one: one file, one line here. */
export const checks = {
  'no-accepted-lost': noAcceptedLost,
  'gap-free': gapFree,
  'backlog-exact': backlogExact,
  'not-vacuous': notVacuous,
} as const satisfies Record<string, CheckEntry>;

export type CheckName = keyof typeof checks;
export const checkNames = Object.keys(checks) as CheckName[];

export function isCheckName(name: string): name is CheckName {
  return Object.hasOwn(checks, name);
}
