import type { EpochMs } from '../ports.ts';
import type { MembershipEntry } from '../protocol/frames.ts';
import type { DeviceId, UserId } from '../protocol/ids.ts';

/**
 * What a store does with an account after sign-up. Whatever ends a session also supersedes the connection of its device,
 * in the same commit: nothing more is written for it, by whichever server it is connected to.
 */
export interface AccountStore {
  /**
   * Replaces the password's hash if it is still `from`, and ends every session but `keep` (the digest of a token), in one
   * commit. False when the hash is another by now or the user is gone: then nothing has changed.
   */
  changePassword(change: PasswordChange): Promise<boolean>;
  /** Devices with sessions that live at `now`, the one that signed in last first. */
  devicesOf(user: UserId, now: EpochMs): Promise<readonly SignedInDevice[]>;
  /** Ends all sessions of the user. */
  endSessions(user: UserId): Promise<void>;
  /** Ends all sessions of one device of the user; false when the user has no such device. */
  endDevice(user: UserId, device: DeviceId): Promise<boolean>;
  /**
   * Deletes a user whose password's hash is still `passwordHash`; false when it is another by now or the user is gone. With
   * the commit the user cannot sign in, be found, invited or written for; the name stays taken. Conversations follow by
   * `depart`, and what else is kept of the user goes after the last of them.
   */
  deleteUser(user: { id: UserId; passwordHash: string; at: EpochMs }): Promise<boolean>;
  /**
   * Takes one deleted user out of at most `limit` conversations, in one commit, each by an entry. Several servers may ask at
   * once: they are given different users. `more` when asking again may find something.
   */
  depart(limit: number, at: EpochMs): Promise<Departures>;
}

export interface PasswordChange {
  readonly user: UserId;
  readonly from: string;
  readonly to: string;
  readonly keep: string;
}

export interface SignedInDevice {
  readonly device: DeviceId;
  readonly label: string;
  readonly sessions: number;
  readonly signedInAt: EpochMs;
  readonly expiresAt: EpochMs;
}

export interface Departures {
  readonly written: readonly { readonly entry: MembershipEntry; readonly affected: readonly UserId[] }[];
  readonly more: boolean;
}
