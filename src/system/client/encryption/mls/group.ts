import type { ClientState } from 'ts-mls/clientState.js';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import { toBase64url } from '../../../base64url.ts';
import type { Group, KeyChange, Step } from '../contract.ts';
import { memberAt } from './members.ts';
import { overwrite, spentSecrets } from './secrets.ts';

/** What differs between real groups and modelled ones. */
export interface Engine {
  readonly suite: CiphersuiteImpl;
  /** A fresh state without what is never needed. */
  lean(state: ClientState): ClientState;
}

/** What a group's value stands for. */
export interface Inner {
  readonly state: ClientState;
  readonly pending: Pending | null;
}

export interface Pending {
  readonly change: KeyChange;
  /** The state after the change, without the keys of the epoch before: those go on being used until the server's word. */
  readonly state: ClientState;
}

/** Secrets stay out of the value itself, so that none gets into a log with it. */
const inners = new WeakMap<Group, Inner>();
const wiped = new WeakSet<Group>();

export function groupOf(state: ClientState, pending: Pending | null = null): Group {
  const group: Group = {
    id: toBase64url(state.groupContext.groupId),
    epoch: Number(state.groupContext.epoch),
    own: memberAt(state.ratchetTree, state.privatePath.leafIndex),
    pending: pending?.change ?? null,
  };
  inners.set(group, { state, pending });
  return group;
}

/** Throws when the group is of another implementation or an older value whose keys were overwritten. */
export function innerOf(group: Group): Inner {
  const inner = inners.get(group);
  if (inner === undefined) throw new Error('This group was made by another implementation: use the one that made it.');
  if (wiped.has(group)) {
    throw new Error(
      `Group ${group.id}: this value's keys were wiped; go on with the group that its last operation answered.`,
    );
  }
  return inner;
}

/** A step to `state`. With `spent` given, wiping need not compare all that both hold. */
export function step(former: Group, state: ClientState, pending: Pending | null, spent?: readonly Uint8Array[]): Step {
  const before = statesOf(innerOf(former));
  const after = pending === null ? [state] : [state, pending.state];
  return { group: groupOf(state, pending), wipe: () => retire(former, spent ?? spentSecrets(before, after)) };
}

/** Overwrites secrets of a value that is not to be used again. */
export function retire(group: Group, secrets: Iterable<Uint8Array>): void {
  overwrite(secrets);
  wiped.add(group);
}

export function statesOf({ state, pending }: Inner): ClientState[] {
  return pending === null ? [state] : [state, pending.state];
}
