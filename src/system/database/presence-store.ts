import type { EpochMs } from '../ports.ts';
import type { LeaseId, UserId, UserName } from '../protocol/ids.ts';

/**
 * Who is online. A server says so under a lease that it renews; when it cannot any more, what it said ends with the lease.
 * Part of the store, under the same promises.
 */
export interface PresenceStore {
  openLease(now: EpochMs): Promise<LeaseId>;
  /**
   * Renews the lease; null when it has ended. Also ends those that were not renewed since `lapsedBefore`, and answers who
   * was online under them; unless the own one had lapsed too: then perhaps nobody could renew, and all get another chance.
   */
  renewLease(lease: LeaseId, times: { now: EpochMs; lapsedBefore: EpochMs }): Promise<readonly UserId[] | null>;
  /**
   * Users who came to and went from the server that has the lease. False when the lease has ended: then nothing was
   * written. Users who are unknown or deleted are ignored.
   */
  movePresence(lease: LeaseId, moves: PresenceMoves): Promise<boolean>;
  /** How it is with these users; unknown ones are missing from the answer. */
  presenceOf(users: readonly UserId[]): Promise<readonly UserPresence[]>;
  /**
   * Who of the named a user may know about: those who share a conversation with them now. Names are looked up
   * regardless of case; others are missing from the answer.
   */
  acquaintances(asked: readonly Acquaintance[]): Promise<readonly KnownUser[]>;
}

export interface PresenceMoves {
  readonly came: readonly UserId[];
  readonly went: readonly UserId[];
  readonly at: EpochMs;
}

export interface UserPresence {
  readonly user: UserId;
  /** On at least one server. */
  readonly online: boolean;
  /** Online: since when. Not online: when last seen; 0 when never. */
  readonly at: EpochMs;
}

export interface Acquaintance {
  readonly by: UserId;
  readonly name: UserName;
}

export interface KnownUser {
  readonly by: UserId;
  readonly user: UserId;
  readonly name: UserName;
}
