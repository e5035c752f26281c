import type { EpochMs } from '../ports.ts';
import type { BundleId, DeviceId, UserId } from '../protocol/ids.ts';

/** What devices leave for each other, so that somebody who is away can be added to keys. Opaque to every store. */
export interface KeyStore {
  /**
   * Keeps key packages of a device; answers how many single-use ones it has then. The newest `keyPackagesPerDeviceMax`
   * stay. One that it has already is not kept twice.
   */
  addPackages(upload: KeyPackages): Promise<number>;
  packagesLeft(device: DeviceId): Promise<number>;
  /**
   * One package for each device of the user that is signed in at `now` and has any, but for `except`, ascending by device,
   * at most `devicesPerClaimMax`. The oldest single-use one is given and gone: no two claims get the same. Without one, the last
   * resort is given, and stays.
   */
  claimPackages(claim: {
    readonly user: UserId;
    readonly except: DeviceId | null;
    readonly now: EpochMs;
  }): Promise<readonly ClaimedKeyPackage[]>;

  /** Keeps what a key change will refer to. Of those of one device that wait for that, `keyBundlesWaitingMax` stay. */
  addBundle(bundle: KeyBundle & { readonly device: DeviceId; readonly at: EpochMs }): Promise<BundleId>;
  /**
   * Before a key change refers to a bundle only its device may read it; then everybody who was a member after the entry, also
   * if they are gone since, and as long as it is the conversation's latest all members.
   */
  readBundle(
    id: BundleId,
    by: { readonly user: UserId; readonly device: DeviceId },
  ): Promise<KeyBundle | 'unknownBundle' | 'notMember'>;
  /**
   * Deletes at most `limit` bundles: those uploaded before `before` that are not the latest of their conversation, and
   * those uploaded before `waitingBefore` that nothing refers to. Answers how many it deleted.
   */
  expireBundles(range: {
    readonly before: EpochMs;
    readonly waitingBefore: EpochMs;
    readonly limit: number;
  }): Promise<number>;
}

export interface KeyPackages {
  readonly device: DeviceId;
  /** Single-use ones, in the order in which they are to be given. */
  readonly packages: readonly string[];
  /** Takes the place of the one before; null leaves that. */
  readonly lastResort: string | null;
  /** Forgets all that the device uploaded before, as when it has lost their private keys. */
  readonly replace: boolean;
}

export interface ClaimedKeyPackage {
  readonly device: DeviceId;
  readonly keyPackage: string;
}

/** Base64url each. */
export interface KeyBundle {
  /** For those who are added. */
  readonly welcome: string | null;
  /** For a new device of a member. */
  readonly groupInfo: string;
  /** For those who are members already, when it is too long for a frame. */
  readonly commit: string | null;
}
