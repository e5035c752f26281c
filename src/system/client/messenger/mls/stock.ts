import type { Device, Encryption, KeyPackage } from '../../encryption/index.ts';
import type { SealingContext } from '../sealing.ts';
import { Later, type Servers } from './servers.ts';
import { newTurn, type Turn } from './turn.ts';

/** The device's identity, and the key packages by which others add it to groups while it is away. */
export interface Stock {
  /** Made once, and stored before it is used. */
  device(): Promise<Device>;
  /** Whether the device has never left a key package anywhere. */
  isEmpty(): Promise<boolean>;
  /** Leaves the first key packages with the servers, in one attempt; nothing when there were some before. Never rejects. */
  begin(): Promise<void>;
  /**
   * One is online: sees to it that the servers have enough key packages, if that was not done lately. Private parts are stored
   * before the public ones are uploaded.
   */
  online(): void;
  /** The private part of a key package; null when it is not of this device, or was used. */
  privatePart(id: string): Promise<Uint8Array | null>;
  /** A welcome has used it: it is gone with the entry that brought the welcome. */
  used(turn: Turn, id: string): Promise<void>;
}

/** Key packages at the servers after an upload, and how few there may be before the next. */
const fullCount = 20;
const lowCount = 8;
/** Private parts that are kept; older ones are of packages that nobody used in a long time. */
const keptMax = 300;
/** Uploads without a clear answer before it is left to the next time. */
const attemptsMax = 3;
/** Connections come and go more often than key packages. */
const tendEveryMs = 3_600_000;

export function createStock(encryption: Encryption, context: SealingContext, servers: Servers): Stock {
  const { clock, keys, log } = context;
  let device: Promise<Device> | null = null;
  let isDue = false;
  /** When the servers were last known to have enough. */
  let tendedAt = Number.NEGATIVE_INFINITY;

  return {
    device: known,
    async isEmpty() {
      return (await list()).ids.length === 0;
    },
    begin: () => new Promise((resolve) => context.run(() => attempt(first).finally(resolve))),
    online() {
      if (clock.now() - tendedAt >= tendEveryMs) tendSoon();
    },
    privatePart: (id) => keys.get(packagePrefix + id),
    async used(turn, id) {
      if (id !== (await list()).lastResort) turn.keys.set(packagePrefix + id, null);
      tendSoon();
    },
  };

  function tendSoon(): void {
    if (isDue) return;
    isDue = true;
    context.run(() => {
      isDue = false;
      return attempt(tend);
    });
  }

  async function attempt(work: () => Promise<boolean>): Promise<void> {
    try {
      if (await work()) tendedAt = clock.now();
    } catch (error) {
      if (error instanceof Later) return;
      log.write('warn', 'The key packages of this device could not be renewed.', { error: String(error) });
    }
  }

  async function first(): Promise<boolean> {
    return (await list()).ids.length === 0 && (await upload(fullCount, true)) !== null;
  }

  function known(): Promise<Device> {
    device ??= load().catch((error: unknown) => {
      device = null;
      throw error;
    });
    return device;
  }

  async function load(): Promise<Device> {
    const kept = await keys.get(deviceName);
    if (kept !== null) return encryption.importDevice(kept);
    const { user, device: label } = context.me();
    const made = await encryption.newDevice({ user, device: label });
    await context.write({ keys: new Map([[deviceName, encryption.exportDevice(made)]]) });
    return made;
  }

  async function tend(): Promise<boolean> {
    const isFirst = (await list()).ids.length === 0;
    let left = isFirst ? 0 : await servers.packagesLeft();
    // What was uploaded without a clear answer may be given away by now, and must not be uploaded again.
    for (let attempt = 0; left < lowCount && attempt < attemptsMax; attempt++) {
      left = (await upload(fullCount - left, isFirst)) ?? left;
    }
    return true;
  }

  async function upload(count: number, replace: boolean): Promise<number | null> {
    const { singleUse, lastResort } = await encryption.makeKeyPackages(await known(), count);
    await keep([...singleUse, lastResort], lastResort.id);
    return servers.putPackages({
      packages: singleUse.map(({ keyPackage }) => ({ package: keyPackage })),
      lastResort: { package: lastResort.keyPackage },
      replace,
    });
  }

  async function keep(made: readonly KeyPackage[], lastResort: string): Promise<void> {
    const turn = newTurn();
    const ids = [...(await list()).ids, ...made.map(({ id }) => id)];
    for (const { id, privatePart } of made) turn.keys.set(packagePrefix + id, privatePart);
    for (const id of ids.splice(0, Math.max(0, ids.length - keptMax))) turn.keys.set(packagePrefix + id, null);
    turn.keys.set(listName, new TextEncoder().encode(JSON.stringify({ ids, lastResort } satisfies List)));
    await context.write(turn);
  }

  async function list(): Promise<List> {
    const bytes = await keys.get(listName);
    return bytes === null ? { ids: [], lastResort: null } : (JSON.parse(new TextDecoder().decode(bytes)) as List);
  }
}

// ---

/** All key packages that were made and not forgotten, the oldest first; used ones may be among them. */
interface List {
  readonly ids: readonly string[];
  readonly lastResort: string | null;
}

const deviceName = 'mls/device';
const listName = 'mls/packages';
const packagePrefix = 'mls/package/';
