/**
 * End-to-end encryption of conversations, as one device sees it. A group's state is an immutable value: every operation
 * answers the next one, so that a caller stores it together with the message in one local transaction before it acks.
 * Only `wipe` touches what was there before. Operations on one group are made one after another.
 */
export interface Encryption {
  readonly name: string;
  /** Bytes of the longest message: its payload just fits the protocol's limit. */
  readonly plaintextBytesMax: number;

  /** A device with a new signature key. */
  newDevice(identity: DeviceIdentity): Promise<Device>;
  exportDevice(device: Device): Uint8Array;
  importDevice(bytes: Uint8Array): Device;

  /** `count` single-use key packages and the one of last resort, for others to add the device to groups. */
  makeKeyPackages(device: Device, count: number): Promise<KeyPackages>;
  /** Who a key package speaks for. Throws `EncryptionProblem` (`malformed`, `forged`) when it is none or badly signed. */
  readKeyPackage(keyPackage: string): Promise<{ readonly id: string; readonly member: Member }>;

  /**
   * A group of the device and those whose key packages were claimed, at epoch 1. It counts once the server has taken its
   * key change; who loses a race to be first drops it.
   */
  create(device: Device, claimed: readonly ClaimedKeyPackage[]): Promise<Changed>;
  /**
   * Comes into a group by a welcome. `findPrivate` looks up the private part of a key package by its id; `usedKeyPackage`
   * is the one to be deleted after, unless it is that of last resort. Throws `EncryptionProblem`.
   */
  join(device: Device, welcome: string, findPrivate: FindPrivate): Promise<Joined>;
  /**
   * A device of a member comes in by itself, also as the user's first; it cannot read what was before. A device that had
   * lost its state takes its old place. The group counts once the server has taken the key change.
   */
  joinExternally(device: Device, groupInfo: string): Promise<Changed>;

  /**
   * Proposes the next epoch: with users added and removed, or, if `wanted` is empty, with a fresh key of one's own. The
   * answered group stays in its epoch and remembers the change until `confirm` or `apply`; a change before is forgotten.
   */
  change(group: Group, wanted: WantedChange): Promise<Changed>;
  /** The server has taken the remembered change: the next epoch. Throws when there is none. */
  confirm(group: Group): Step;
  /** A commit from the server, in the conversation's order. One's own means `confirm`; another's undoes what was remembered. */
  apply(group: Group, commit: string, rule: Rule): Promise<Applied>;

  /** Throws when the plaintext is longer than `plaintextBytesMax` or the group can send no more. */
  encrypt(group: Group, plaintext: Uint8Array): Promise<Encrypted>;
  decrypt(group: Group, payload: string): Promise<Decrypted>;

  members(group: Group): readonly Member[];
  /** The group is over for this device: overwrites all of its keys. */
  discard(group: Group): void;
  exportGroup(group: Group): Uint8Array;
  /** Throws when the bytes are not an exported group. */
  importGroup(bytes: Uint8Array): Group;

  /**
   * 60 digits in groups of five that two people compare by voice or sight: equal on both sides, whoever asks, exactly when
   * both see the same keys for all devices of the two.
   */
  safetyCode(a: readonly Member[], b: readonly Member[]): Promise<string>;
}

/** The name of a user in the spelling of sign-up, and the label of the device. */
export interface DeviceIdentity {
  readonly user: string;
  readonly device: string;
}

/** A device as the others of a group see it. */
export interface Member {
  readonly identity: DeviceIdentity;
  readonly signatureKey: Uint8Array;
}

/** A device with its secret signature key. */
export interface Device extends Member {
  readonly secretKey: Uint8Array;
}

export interface KeyPackages {
  readonly singleUse: readonly KeyPackage[];
  readonly lastResort: KeyPackage;
}

export interface KeyPackage {
  /** The key package reference of RFC 9420 §5.2, in base64url. A welcome names it. */
  readonly id: string;
  /** What the server gives to others. */
  readonly keyPackage: string;
  /** What the device keeps, to be deleted once it was used. */
  readonly privatePart: Uint8Array;
}

export interface ClaimedKeyPackage {
  /** Whose key package was asked for: one that speaks for somebody else is refused. */
  readonly user: string;
  readonly keyPackage: string;
}

export type FindPrivate = (id: string) => Uint8Array | null | Promise<Uint8Array | null>;

/** One device's view of one group in one epoch. Made and read by its implementation only. */
export interface Group {
  /** Chosen at random by the creator; base64url. */
  readonly id: string;
  readonly epoch: number;
  readonly own: Member;
  /** The change that waits for the server's word. */
  readonly pending: KeyChange | null;
}

/** What goes to the server to bring a group into its next epoch. Texts are base64url. */
export interface KeyChange {
  /** The epoch it was made in; the server takes one change per epoch. */
  readonly epoch: number;
  /** For all members; null at creation, when there are none yet. */
  readonly commit: string | null;
  /** For those who are added. */
  readonly welcome: string | null;
  /** For further devices of members; describes the epoch after the change. */
  readonly groupInfo: string;
}

export interface Step {
  readonly group: Group;
  /**
   * Overwrites the keys that the former value held and the new one does not. Call it once the new value is stored; the
   * former one then refuses to be used.
   */
  wipe(): void;
}

export interface Changed extends Step {
  readonly change: KeyChange;
}

export interface Joined extends Step {
  readonly usedKeyPackage: string;
}

export interface WantedChange {
  readonly add?: readonly ClaimedKeyPackage[];
  /** All devices of a user, or one device. */
  readonly remove?: readonly { readonly user: string; readonly device?: string }[];
}

/** Who may do what, as the server says and every client enforces. */
export interface Rule {
  /** The only user who adds and removes users; null where nobody does. */
  readonly admin: string | null;
  /** Users who have left: anybody may remove their keys. */
  readonly left: ReadonlySet<string>;
  /** Members by the server's word: their devices may come in by themselves, also when the group has none of them. */
  readonly members: ReadonlySet<string>;
}

export type Applied =
  | (Step & {
      readonly kind: 'applied';
      readonly by: Member;
      readonly added: readonly Member[];
      readonly removed: readonly Member[];
    })
  /** One is no longer a member: the group is over for this device. `wipe` overwrites all of its keys. */
  | { readonly kind: 'removed'; readonly by: Member; wipe(): void }
  /** The group is as it was. If the server took the commit nevertheless, this device can only join again. */
  | { readonly kind: 'rejected'; readonly reason: Trouble; readonly detail: string };

export interface Encrypted extends Step {
  readonly payload: string;
}

export type Decrypted =
  | (Step & { readonly kind: 'message'; readonly plaintext: Uint8Array; readonly sender: Member })
  | { readonly kind: 'unreadable'; readonly reason: Trouble; readonly detail: string };

/**
 * `malformed`: not what it should be at all. `otherGroup`: of another group. `pastEpoch`: the keys are gone, or one was no
 * member yet. `futureEpoch`: a commit is missing. `notAllowed`: against the rule. `forged`: a signature or tag is wrong, or
 * the message was read before. `notForUs`: a welcome or group whose keys this device does not have.
 */
export type Trouble = 'malformed' | 'otherGroup' | 'pastEpoch' | 'futureEpoch' | 'notAllowed' | 'forged' | 'notForUs';

/** Bytes from others that could not be used, and why. */
export class EncryptionProblem extends Error {
  readonly reason: Trouble;
  constructor(reason: Trouble, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EncryptionProblem';
    this.reason = reason;
  }
}
