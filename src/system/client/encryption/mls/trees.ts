import type { Node, RatchetTree } from 'ts-mls/ratchetTree.js';
import { directPath, leafToNodeIndex, leafWidth, toLeafIndex } from 'ts-mls/treemath.js';
import { EncryptionProblem } from '../contract.ts';

/**
 * The tree of a group that one is about to join, as ts-mls 1.6.4 is to be given it. Its `validateRatchetTree` asks that all
 * keys above an unmerged leaf list the same unmerged leaves, which is more than the standard does, and refuses groups that
 * are right. It walks the tree by `entries()`, first of all that is done with it: that one walk sees no unmerged leaves, and
 * the check of the standard is made here. Throws `forged` where that fails.
 */
export function treeToJoin(tree: RatchetTree): RatchetTree {
  checkUnmerged(tree);
  const walked = tree.map(withoutUnmerged);
  const given = [...tree];
  Object.defineProperty(given, 'entries', {
    configurable: true,
    value() {
      Reflect.deleteProperty(given, 'entries');
      return walked.entries();
    },
  });
  return given;
}

// ---

/**
 * RFC 9420, section 7.9.2: each unmerged leaf of a node is a member below it, and every key between the two lists it too.
 */
function checkUnmerged(tree: RatchetTree): void {
  for (const [at, node] of tree.entries()) {
    if (node?.nodeType !== 'parent') continue;
    for (const leaf of node.parent.unmergedLeaves) {
      const leafAt = leafToNodeIndex(toLeafIndex(leaf));
      const above: readonly number[] = leafAt < tree.length ? directPath(leafAt, leafWidth(tree.length)) : [];
      const between = above.slice(0, above.indexOf(at));
      const isSound =
        above.includes(at) && tree[leafAt]?.nodeType === 'leaf' && between.every((each) => lists(tree[each], leaf));
      if (!isSound) throw new EncryptionProblem('forged', `The tree of the group is unsound at leaf ${leaf}.`);
    }
  }
}

function lists(node: Node | undefined, leaf: number): boolean {
  return node === undefined || (node.nodeType === 'parent' && node.parent.unmergedLeaves.includes(leaf));
}

function withoutUnmerged(node: Node | undefined): Node | undefined {
  return node?.nodeType === 'parent' ? { ...node, parent: { ...node.parent, unmergedLeaves: [] } } : node;
}
