import type { LeafNode } from 'ts-mls/leafNode.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { EncryptionProblem, type Member } from '../contract.ts';
import { nameOf, readIdentity, sameMember } from '../identity.ts';

/** Leaves stand at the even places of the tree; those between are their parents. */
export function leafAt(tree: RatchetTree, leafIndex: number): LeafNode | null {
  const node = tree[leafIndex * 2];
  return node?.nodeType === 'leaf' ? node.leaf : null;
}

export function memberOf(leaf: LeafNode): Member {
  const { credential, signaturePublicKey } = leaf;
  const identity = credential.credentialType === 'basic' ? readIdentity(credential.identity) : null;
  if (identity === null) throw new EncryptionProblem('malformed', 'A member has no readable identity.');
  return { identity, signatureKey: signaturePublicKey };
}

export function memberAt(tree: RatchetTree, leafIndex: number): Member {
  const leaf = leafAt(tree, leafIndex);
  if (leaf === null) throw new EncryptionProblem('forged', `Place ${leafIndex} of the group is empty.`);
  return memberOf(leaf);
}

export function membersOf(tree: RatchetTree): Member[] {
  return tree.flatMap((node) => (node?.nodeType === 'leaf' ? [memberOf(node.leaf)] : []));
}

/** Places of all devices of a user, or of one. */
export function leavesOf(tree: RatchetTree, { user, device }: { user: string; device?: string }): number[] {
  return tree.flatMap((node, at) => {
    const identity = node?.nodeType === 'leaf' ? memberOf(node.leaf).identity : null;
    return identity?.user === user && (device === undefined || identity.device === device) ? [at / 2] : [];
  });
}

/** Who is there in one tree and not in the other, by identity and key. */
export function compareTrees(before: RatchetTree, after: RatchetTree): { added: Member[]; removed: Member[] } {
  const added: Member[] = [];
  const removed: Member[] = [];
  for (let place = 0; place * 2 < Math.max(before.length, after.length); place++) {
    const old = leafAt(before, place);
    const now = leafAt(after, place);
    if (old !== null && now !== null && (old === now || sameMember(memberOf(old), memberOf(now)))) continue;
    if (old !== null) removed.push(memberOf(old));
    if (now !== null) added.push(memberOf(now));
  }
  return { added, removed };
}

/** Throws when a device stands in the tree twice: nobody could tell which of the two speaks. */
export function expectDistinct(tree: RatchetTree): void {
  const seen = new Set<string>();
  for (const { identity } of membersOf(tree)) {
    const name = nameOf(identity);
    if (seen.has(name)) throw new EncryptionProblem('forged', `${name} is in the group twice.`);
    seen.add(name);
  }
}
