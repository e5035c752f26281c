import { toBase64url } from '../../../base64url.ts';
import { Problem } from '../../../problem.ts';
import type { ConversationId, UserName } from '../../../protocol/ids.ts';
import type { Encryption, Member } from '../../encryption/index.ts';
import { isSameName } from '../rooms.ts';
import type { SealingContext, SealingTrust } from '../sealing.ts';
import { trustLimits, unverified, type Verification } from '../trust-contract.ts';
import { includes } from './ledger.ts';
import type { States } from './states.ts';
import { newTurn, type Turn } from './turn.ts';

/** Whose devices were compared, and which have come since. A device is its signature key, the same in all groups. */
export interface Verified extends SealingTrust {
  load(): Promise<void>;
  /** A group has new members, perhaps. To be called whenever its keys have changed, in the turn that changes them. */
  observe(turn: Turn, members: readonly Member[]): void;
}

interface Parts {
  readonly encryption: Encryption;
  readonly context: SealingContext;
  readonly states: States;
}

export function createVerified({ encryption, context, states }: Parts): Verified {
  /** By the name in lower case, for that is how names are told apart. One step ahead of the disk. */
  const records = new Map<string, Kept>();

  return {
    async load() {
      for (const name of await context.keys.names(prefix)) {
        const bytes = await context.keys.get(name);
        if (bytes) records.set(name.slice(prefix.length), JSON.parse(new TextDecoder().decode(bytes)) as Kept);
      }
    },
    observe(turn, members) {
      for (const [user, devices] of records.size === 0 ? [] : byUser(members)) {
        const kept = records.get(user);
        const next = kept && withDevices(kept, devices.map(keyOf));
        if (next && next !== kept) put(turn, next);
      }
    },
    safetyCode: async (conversation, user) => codeOf(await membersOf(conversation), user),
    mark,
    async forget(user) {
      const turn = newTurn();
      if (!records.delete(user.toLowerCase())) return;
      turn.keys.set(prefix + user.toLowerCase(), null);
      tellOnce(turn, user);
      await context.write(turn);
    },
    async acknowledge(user) {
      const kept = records.get(user.toLowerCase());
      if (!kept || kept.isAcknowledged) return;
      const turn = newTurn();
      put(turn, { ...kept, isAcknowledged: true });
      await context.write(turn);
    },
    of,
    all: () => [...records.values()].map(viewOf),
  };

  async function codeOf(members: readonly Member[], user: UserName): Promise<string | null> {
    const [own, theirs] = [devicesOf(members, context.me().user), devicesOf(members, user)];
    return own.length === 0 || theirs.length === 0 ? null : encryption.safetyCode(own, theirs);
  }

  async function mark(conversation: ConversationId, user: UserName, code: string): Promise<Verification> {
    const members = await membersOf(conversation);
    const present = await codeOf(members, user);
    if (present === null || digitsOf(present) !== digitsOf(code)) {
      throw new Problem(`That is not the present safety code of you and ${user}; look at it again, and compare that.`);
    }
    const before = records.get(user.toLowerCase());
    if (before === undefined && records.size >= trustLimits.verifiedMax) {
      throw new Problem(`At most ${trustLimits.verifiedMax} users can be verified; forget one of them first.`);
    }
    const devices = devicesOf(members, user);
    const compared = devices.map(keyOf);
    const name = devices[0]!.identity.user as UserName;
    const blank = { user: name, at: context.clock.wall(), fresh: [], isAcknowledged: true };
    // From here on nothing escapes: what other groups show while they are looked through is counted as it comes.
    records.set(user.toLowerCase(), { ...blank, compared: [...new Set([...compared, ...(before?.compared ?? [])])] });
    const elsewhere = await keysElsewhere(user);
    const now = records.get(user.toLowerCase()) ?? blank;
    const kept = { ...blank, compared: [...new Set([...compared, ...known(before, elsewhere)])] };
    const turn = newTurn();
    put(turn, withDevices(kept, [...now.fresh, ...elsewhere]));
    await context.write(turn);
    return of(user);
  }

  /** The devices of a user in all groups that this device is in. */
  async function keysElsewhere(user: UserName): Promise<readonly string[]> {
    const keys = new Set<string>();
    for (const conversation of states.encrypted()) {
      if (!includes((await states.ledger(conversation))?.members ?? [], user)) continue;
      for (const device of devicesOf(await membersOf(conversation), user)) keys.add(keyOf(device));
    }
    return [...keys];
  }

  async function membersOf(conversation: ConversationId): Promise<readonly Member[]> {
    const group = await states.group(conversation);
    return group === null ? [] : encryption.members(group);
  }

  function put(turn: Turn, kept: Kept): void {
    const key = kept.user.toLowerCase();
    records.set(key, kept);
    turn.keys.set(prefix + key, new TextEncoder().encode(JSON.stringify(kept)));
    tellOnce(turn, kept.user);
  }

  /** Once it is on the disk. */
  function tellOnce(turn: Turn, user: UserName): void {
    turn.spend({ wipe: () => context.verified(of(user)) });
  }

  function of(user: UserName): Verification {
    const kept = records.get(user.toLowerCase());
    return kept === undefined ? unverified(user) : viewOf(kept);
  }
}

// ---

/** As it is kept. Keys are in base64url. */
interface Kept {
  readonly user: UserName;
  readonly at: number;
  readonly compared: readonly string[];
  /** Those that have come since, the oldest first. */
  readonly fresh: readonly string[];
  readonly isAcknowledged: boolean;
}

const prefix = 'mls/verified/';

function viewOf({ user, at, fresh, isAcknowledged }: Kept): Verification {
  return {
    user,
    at,
    state: fresh.length === 0 ? 'verified' : 'changed',
    newDevices: fresh.length,
    isAcknowledged,
  };
}

/** The same value when all are known. */
function withDevices(kept: Kept, keys: readonly string[]): Kept {
  const unknown = [...new Set(keys)].filter((key) => !kept.compared.includes(key) && !kept.fresh.includes(key));
  if (unknown.length === 0) return kept;
  const fresh = [...kept.fresh, ...unknown].slice(-trustLimits.newDevicesMax);
  return { ...kept, fresh, isAcknowledged: false };
}

/** What was compared before and is still met. */
function known(before: Kept | undefined, met: readonly string[]): readonly string[] {
  return (before?.compared ?? []).filter((key) => met.includes(key));
}

function devicesOf(members: readonly Member[], user: string): readonly Member[] {
  return members.filter(({ identity }) => isSameName(identity.user as UserName, user as UserName));
}

function byUser(members: readonly Member[]): ReadonlyMap<string, readonly Member[]> {
  return Map.groupBy(members, ({ identity }) => identity.user.toLowerCase());
}

function keyOf({ signatureKey }: Member): string {
  return toBase64url(signatureKey);
}

/** However it is set in groups. */
function digitsOf(code: string): string {
  return code.replaceAll(/\s/g, '');
}
