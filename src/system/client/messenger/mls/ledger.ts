import type { ConversationFrame, MembershipEntry } from '../../../protocol/frames.ts';
import type { BundleId, DeviceId, Seq, UserName } from '../../../protocol/ids.ts';
import type { Member, Rule } from '../../encryption/index.ts';
import { isSameName } from '../rooms.ts';

/**
 * What the servers say of an encrypted conversation, entry by entry: by it commits are judged. The part of the messenger
 * that shows conversations may be ahead of the entries; this is not, once `asOf` has passed.
 */
export interface Ledger {
  readonly epoch: number;
  readonly sealed: Seq;
  readonly bundle: BundleId | null;
  /** Empty when one is no member any more. */
  readonly members: readonly UserName[];
  readonly admin: UserName | null;
  /** Who has left since the last change of keys. */
  readonly left: readonly UserName[];
  /** Epoch, seal and bundle hold after this entry; what comes before it is news of the past. */
  readonly asOf: Seq;
  /** What each number of a device stood for when it was first heard: a name as in `DeviceIdentity`, `user/label`. */
  readonly devices: Readonly<Record<number, string>>;
  /** One's own keys, of which it is not certain yet that they are the conversation's: somebody else may have opened it. */
  readonly tentative: boolean;
}

export type MembershipNews = Pick<MembershipEntry, 'change' | 'admin' | 'seq'> & {
  readonly users: readonly UserName[];
  readonly keys?: { readonly epoch: number; readonly bundle: BundleId | null } | undefined;
};

export function ledgerOf({ epoch, sealed, bundle, members, admin, lastSeq }: ConversationFrame): Ledger {
  return { epoch, sealed, bundle, members, admin, left: [], asOf: lastSeq, devices: {}, tentative: false };
}

/** Of a conversation whose first keys have just been made. */
export function newLedger(made: Pick<Ledger, 'bundle' | 'members' | 'admin' | 'asOf' | 'tentative'>): Ledger {
  return { epoch: 1, sealed: 0 as Seq, left: [], devices: {}, ...made };
}

export function ledgerAfter(ledger: Ledger, news: MembershipNews): Ledger {
  const { change, users, admin, keys, seq } = news;
  const base = { ...ledger, members: membersAfter(ledger, news), admin, asOf: Math.max(ledger.asOf, seq) as Seq };
  if (keys !== undefined) {
    const fresh = keys.epoch > ledger.epoch ? { epoch: keys.epoch, bundle: keys.bundle, sealed: 0 as Seq } : {};
    return { ...base, left: [], ...fresh };
  }
  if (change !== 'left') return base;
  return { ...base, left: [...ledger.left, ...users], sealed: seq > ledger.asOf ? seq : ledger.sealed };
}

/**
 * The number of a device means what it meant before; the first time, it is the servers' word. Null when it contradicts,
 * else the ledger that knows it.
 */
export function withDevice(ledger: Ledger, device: DeviceId, { identity }: Member): Ledger | null {
  const name = `${identity.user}/${identity.device}`;
  const known = ledger.devices[device];
  if (known !== undefined) return known === name ? ledger : null;
  if (Object.values(ledger.devices).includes(name)) return null;
  return { ...ledger, devices: { ...ledger.devices, [device]: name } };
}

export function includes(users: readonly UserName[], user: string): boolean {
  return users.some((each) => isSameName(each, user as UserName));
}

/** Users who have devices in the group and are no members. */
export function strangersIn({ members }: Ledger, group: readonly Member[]): string[] {
  return [...usersOf(group)].filter((user) => !includes(members, user));
}

/** By which a commit is judged that comes with this entry. */
export function ruleAt(ledger: Ledger, group: readonly Member[], { seq }: { readonly seq: Seq }): Rule {
  const spelled = spelling(group);
  // Who was removed after this entry is no member in the ledger of somebody who has just come.
  const gone = seq > ledger.asOf ? strangersIn(ledger, group) : [];
  return {
    admin: ledger.admin === null ? null : spelled(ledger.admin),
    left: new Set([...ledger.left.map(spelled), ...gone]),
    members: new Set(ledger.members.map(spelled)),
  };
}

export function usersOf(group: readonly Member[]): ReadonlySet<string> {
  return new Set(group.map(({ identity }) => identity.user));
}

// ---

function membersAfter({ members }: Ledger, { change, users }: MembershipNews): readonly UserName[] {
  if (change === 'ended') return [];
  if (change === 'rekeyed') return members;
  const others = members.filter((member) => !includes(users, member));
  return change === 'created' || change === 'added' ? [...others, ...users] : others;
}

/** Names as they are spelled in the group: whoever invited somebody may have written theirs in another case. */
function spelling(group: readonly Member[]): (name: UserName) => string {
  const known = new Map([...usersOf(group)].map((user) => [user.toLowerCase(), user]));
  return (name) => known.get(name.toLowerCase()) ?? name;
}
