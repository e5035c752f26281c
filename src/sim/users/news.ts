/**
 * What the crowds of a run tell each other, when there are several: who came to a conversation or went, for the members of
 * one conversation may be in any of them; and how far messages have come, to the crowd that waits for the last member.
 */
import type { MembershipChange } from './observer.ts';

export type News =
  | { readonly kind: 'changed'; readonly change: MembershipChange }
  | { readonly kind: 'reached'; readonly reach: Reach };

/** Some more members have a message. */
export interface Reach {
  readonly conversation: number;
  readonly seq: number;
  readonly members: number;
  /** When it was to be sent, in milliseconds since the start of the run. */
  readonly intendedMs: number;
  /** Until the last of them had it; null when one of them says nothing. */
  readonly latencyMs: number | null;
  /** Of the last of them. */
  readonly server: string;
}
