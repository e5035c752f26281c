import type { EpochMs } from '../../ports.ts';
import type { ConversationId, UserName } from '../../protocol/ids.ts';

/** Whose devices are whose: what two people have compared is remembered, and a device that nobody compared is told of. */
export interface MessengerTrust {
  /**
   * 60 digits that are the same for both users exactly when nobody stands between their devices: to be compared by voice
   * or sight. `user` is the other of a direct conversation unless told. Null where it is not encrypted, or as long as this
   * device or all of the other's have no keys.
   */
  safetyCode(conversation: ConversationId, user?: string): Promise<string | null>;
  /**
   * The user has compared `code` with another member: the other's devices of this moment are verified, in all conversations,
   * on this device. Rejects with a `Problem` when it is not the present code, for then something else was compared.
   */
  markVerified(conversation: ConversationId, user: string, code: string): Promise<Verification>;
  /** As if nothing had ever been compared with them. */
  forgetVerified(user: string): Promise<void>;
  /** The user has seen that somebody's devices have changed. They stay `changed` until they are compared anew. */
  acknowledgeChange(user: string): Promise<void>;
  /** What is known of a user, whoever they are. */
  verification(user: string): Verification;
  /** Of all users that were verified and not forgotten. */
  verifications(): readonly Verification[];
}

export interface Verification {
  readonly user: UserName;
  /**
   * `verified`: all their devices that this one has met were compared. `changed`: others have come since, of which nobody
   * knows whose they are. A device that goes changes nothing.
   */
  readonly state: 'unverified' | 'verified' | 'changed';
  /** When the codes were compared last; null when they were not. */
  readonly at: EpochMs | null;
  /** Devices that have come since. */
  readonly newDevices: number;
  /** The user was told of all of them. */
  readonly isAcknowledged: boolean;
}

export const trustLimits = {
  /** Users that can be verified on one device. */
  verifiedMax: 10_000,
  /** Devices that nobody compared, remembered for each user; the oldest are forgotten. */
  newDevicesMax: 256,
} as const;

export function unverified(user: UserName): Verification {
  return { user, state: 'unverified', at: null, newDevices: 0, isAcknowledged: true };
}
