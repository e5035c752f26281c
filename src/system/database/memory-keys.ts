import type { EpochMs } from '../ports.ts';
import type { BundleId, ConversationId, DeviceId, Seq, UserId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { ClaimedKeyPackage, KeyBundle, KeyPackages } from './key-store.ts';

interface Packages {
  /** The oldest first. */
  single: string[];
  lastResort: string | null;
}

interface Bundle extends KeyBundle {
  readonly id: BundleId;
  readonly device: DeviceId;
  readonly at: EpochMs;
  /** The key change that refers to it. */
  place: { readonly conversation: ConversationId; readonly seq: Seq } | null;
  latest: boolean;
}

interface World {
  signedInDevices(user: UserId, now: EpochMs): readonly DeviceId[];
  isMember(user: UserId, conversation: ConversationId): boolean;
  /** Was a member after the entry at this place. */
  wasMember(user: UserId, place: { readonly conversation: ConversationId; readonly seq: Seq }): boolean;
}

/** The part of the memory store that holds key packages and bundles; all calls are synchronous. */
export function createMemoryKeys(world: World) {
  const packages = new Map<DeviceId, Packages>();
  const bundles = new Map<BundleId, Bundle>();
  let lastBundle = 0;

  return {
    forgetDevice: (device: DeviceId) => void packages.delete(device),
    addPackages,
    packagesLeft,
    claimPackages,
    addBundle,
    mayRefer,
    refer,
    readBundle,
    expireBundles,
  };

  function addPackages({ device, packages: added, lastResort, replace }: KeyPackages): number {
    const before = (replace ? undefined : packages.get(device)) ?? { single: [], lastResort: null };
    const single = [...new Set([...before.single, ...added])].slice(-limits.keyPackagesPerDeviceMax);
    packages.set(device, { single, lastResort: lastResort ?? before.lastResort });
    return single.length;
  }

  function packagesLeft(device: DeviceId): number {
    return packages.get(device)?.single.length ?? 0;
  }

  function claimPackages(claim: { user: UserId; except: DeviceId | null; now: EpochMs }): readonly ClaimedKeyPackage[] {
    const able = world.signedInDevices(claim.user, claim.now).filter((device) => {
      const own = packages.get(device);
      return device !== claim.except && own !== undefined && (own.single.length > 0 || own.lastResort !== null);
    });
    const newest = able.toSorted((a, b) => a - b).slice(-limits.devicesPerClaimMax);
    return newest.map((device) => {
      const own = packages.get(device)!;
      return { device, keyPackage: own.single.shift() ?? own.lastResort! };
    });
  }

  function addBundle({ device, at, ...parts }: KeyBundle & { device: DeviceId; at: EpochMs }): BundleId {
    const id = ++lastBundle as BundleId;
    bundles.set(id, { id, device, at, ...parts, place: null, latest: false });
    const waiting = [...bundles.values()].filter((one) => one.device === device && one.place === null);
    for (const old of waiting.slice(0, -limits.keyBundlesWaitingMax)) bundles.delete(old.id);
    return id;
  }

  function mayRefer(id: BundleId, device: DeviceId): boolean {
    const bundle = bundles.get(id);
    return bundle?.device === device && bundle.place === null;
  }

  /** The keys of a conversation have changed. */
  function refer(change: {
    readonly conversation: ConversationId;
    readonly seq: Seq;
    readonly before: BundleId | null;
    readonly bundle: BundleId | null;
  }): void {
    const { conversation, seq } = change;
    const [before, bundle] = [bundles.get(change.before!), bundles.get(change.bundle!)];
    if (before) before.latest = false;
    if (bundle) Object.assign(bundle, { place: { conversation, seq }, latest: true });
  }

  function readBundle(
    id: BundleId,
    { user, device }: { readonly user: UserId; readonly device: DeviceId },
  ): KeyBundle | 'unknownBundle' | 'notMember' {
    const bundle = bundles.get(id);
    if (!bundle) return 'unknownBundle';
    const { place, latest, welcome, groupInfo, commit } = bundle;
    const allowed =
      place === null
        ? bundle.device === device
        : world.wasMember(user, place) || (latest && world.isMember(user, place.conversation));
    return allowed ? { welcome, groupInfo, commit } : 'notMember';
  }

  function expireBundles({
    before,
    waitingBefore,
    limit,
  }: {
    before: EpochMs;
    waitingBefore: EpochMs;
    limit: number;
  }): number {
    const old = [...bundles.values()].filter(({ place, latest, at }) =>
      place === null ? at < waitingBefore : !latest && at < before,
    );
    for (const { id } of old.slice(0, limit)) bundles.delete(id);
    return Math.min(old.length, limit);
  }
}
