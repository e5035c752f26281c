import type { ClientState } from 'ts-mls/clientState.js';
import type { KeySchedule } from 'ts-mls/keySchedule.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { toBase64url } from '../../../base64url.ts';
import { empty } from '../mls/ratchets.ts';

/**
 * States of thousands of devices in one process: no keys of their own, and one public tree for all members of an epoch
 * that live here.
 */
export function createSharing(): (state: ClientState) => ClientState {
  const trees = new Map<string, WeakRef<RatchetTree>>();
  const shared = ({ groupContext, ratchetTree }: ClientState): RatchetTree => {
    const name = `${toBase64url(groupContext.groupId)} ${groupContext.epoch} ${toBase64url(groupContext.treeHash)}`;
    const known = trees.get(name)?.deref();
    if (known !== undefined) return known;
    if (trees.size >= treesMax) trees.delete(trees.keys().next().value!);
    trees.set(name, new WeakRef(ratchetTree));
    return ratchetTree;
  };
  return (state) => {
    const nodes = Object.keys(state.privatePath.privateKeys).filter(
      (at) => state.ratchetTree[Number(at)] !== undefined,
    );
    return {
      ...state,
      ratchetTree: shared(state),
      secretTree: state.ratchetTree.map(() => empty),
      keySchedule: noKeys,
      privatePath: { ...state.privatePath, privateKeys: Object.fromEntries(nodes.map((at) => [at, noKey])) },
    };
  };
}

// ---

/** Names kept; beyond that the oldest is forgotten, and its epoch's newcomers hold a tree of their own. */
const treesMax = 16_384;
const noKey = new Uint8Array(32);
const noKeys: KeySchedule = {
  senderDataSecret: noKey,
  exporterSecret: noKey,
  externalSecret: noKey,
  confirmationKey: noKey,
  membershipKey: noKey,
  resumptionPsk: noKey,
  epochAuthenticator: noKey,
  initSecret: noKey,
};
