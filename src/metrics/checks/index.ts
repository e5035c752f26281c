import { backlogExact } from './backlog-exact.ts';
import type { CheckEntry, Verdict } from './check.ts';
import { decryptedExactly } from './decrypted-exactly.ts';
import { exactlyOnce } from './exactly-once.ts';
import { expiryExact } from './expiry-exact.ts';
import { gapFree } from './gap-free.ts';
import { idempotentResend } from './idempotent-resend.ts';
import { imagesExact } from './images-exact.ts';
import { membersOnly } from './members-only.ts';
import { noAcceptedLost } from './no-accepted-lost.ts';
import { noGhost } from './no-ghost.ts';
import { noPlaintext } from './no-plaintext.ts';
import { notVacuous } from './not-vacuous.ts';
import { presenceTrue } from './presence-true.ts';
import { sameOrder } from './same-order.ts';
import { senderOrder } from './sender-order.ts';
import { storedAgrees } from './stored-agrees.ts';

/** Every check by its name. To add one: one file, one line here. */
export const checks = {
  'no-accepted-lost': noAcceptedLost,
  'no-ghost': noGhost,
  'exactly-once': exactlyOnce,
  'idempotent-resend': idempotentResend,
  'sender-order': senderOrder,
  'gap-free': gapFree,
  'same-order': sameOrder,
  'backlog-exact': backlogExact,
  'members-only': membersOnly,
  'expiry-exact': expiryExact,
  'decrypted-exactly': decryptedExactly,
  'no-plaintext': noPlaintext,
  'images-exact': imagesExact,
  'presence-true': presenceTrue,
  'stored-agrees': storedAgrees,
  'not-vacuous': notVacuous,
} as const satisfies Record<string, CheckEntry>;

export type CheckName = keyof typeof checks;
export const checkNames = Object.keys(checks) as CheckName[];

export function isCheckName(name: string): name is CheckName {
  return Object.hasOwn(checks, name);
}

/** Whether a check found nothing to judge, and may: that says nothing against a run. */
export function isAbstention({ check, result }: Pick<Verdict, 'check' | 'result'>): boolean {
  return result === 'unknown' && isCheckName(check) && checks[check].mayAbstain;
}
