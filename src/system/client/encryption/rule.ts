import type { Member, Rule } from './contract.ts';
import { nameOf, sameIdentity } from './identity.ts';

/** What a commit did to the group, read off its members before and after. */
export interface MembershipChange {
  readonly by: Member;
  /** The committer came in by this very commit. */
  readonly external: boolean;
  readonly before: readonly Member[];
  readonly added: readonly Member[];
  readonly removed: readonly Member[];
}

/**
 * Null if the commit may be; else what is against the rule. The admin adds and removes anybody; anybody removes those who
 * have left and looks after their own devices; a device of a member comes in by itself, at most in its own old place.
 */
export function violation(change: MembershipChange, rule: Rule): string | null {
  return change.external ? externalViolation(change, rule) : memberViolation(change, rule);
}

// ---

function memberViolation({ by, added, removed }: MembershipChange, rule: Rule): string | null {
  const user = by.identity.user;
  if (user === rule.admin) return null;
  const stranger = added.find((member) => member.identity.user !== user);
  if (stranger !== undefined) return `${user} is not the admin and added ${nameOf(stranger.identity)}`;
  const victim = removed.find((member) => member.identity.user !== user && !rule.left.has(member.identity.user));
  if (victim !== undefined) return `${user} is not the admin and removed ${nameOf(victim.identity)}, who has not left`;
  return null;
}

function externalViolation({ by, before, added, removed }: MembershipChange, { members, left }: Rule): string | null {
  const { user } = by.identity;
  const stays = before.some((member) => member.identity.user === user) && !left.has(user);
  if (!stays && !members.has(user)) return `${user} came in by itself and was no member`;
  // In its old place, with the key that it had, it has not even come.
  const stranger = added.find((member) => !sameIdentity(member.identity, by.identity));
  if (stranger !== undefined) return `${nameOf(by.identity)} came in by itself and brought others`;
  const victim = removed.find((member) => !sameIdentity(member.identity, by.identity));
  if (victim !== undefined) return `${nameOf(by.identity)} came in by itself and removed ${nameOf(victim.identity)}`;
  return null;
}
