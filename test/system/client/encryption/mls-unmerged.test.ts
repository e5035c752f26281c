import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { describe, expect, it } from 'vitest';
import { createNodeCipherSuite } from '../../../../src/system/adapters/node-cipher-suite.ts';
import type { EncryptionProblem, KeyChange } from '../../../../src/system/client/encryption/contract.ts';
import { encryptions } from '../../../../src/system/client/encryption/index.ts';
import { treeToJoin } from '../../../../src/system/client/encryption/mls/trees.ts';
import { readWithTree } from '../../../../src/system/client/encryption/mls/wire.ts';
import { createSeededRandom } from '../../../../src/system/seeded-random.ts';
import {
  apply,
  claim,
  gather,
  join,
  newPerson,
  type Person,
  read,
  ruledBy,
  say,
  take,
} from '../../../helpers/encrypted-people.ts';

const mls = encryptions.mls({ suite: createNodeCipherSuite(), random: createSeededRandom(1) });

/** A group of nine; the first is its admin. */
async function nine(): Promise<Person[]> {
  const people = await Promise.all(Array.from({ length: 9 }, (_, i) => newPerson(mls, `user${i}`)));
  const [admin, ...others] = people as [Person, ...Person[]];
  await gather(admin, ...others);
  return people;
}

/** `who` changes the group, and all others follow. */
async function change(
  people: readonly Person[],
  who: Person,
  wanted: Parameters<typeof mls.change>[1],
): Promise<KeyChange> {
  const { change } = take(who, await mls.change(who.group!, wanted));
  for (const other of people) if (other !== who) await apply(other, change.commit!, ruledBy('user0'));
  take(who, mls.confirm(who.group!));
  return change;
}

/** A tree with a leaf that some of the keys above it list as unmerged, and the group that it is of. */
async function unmerged(): Promise<{
  readonly welcome: string;
  readonly groupInfo: string;
  readonly newcomer: Person;
  readonly admin: Person;
}> {
  const people = await nine();
  const [admin] = people as [Person, ...Person[]];
  await change(people, admin, { remove: [{ user: 'user4' }] });
  const left = people.filter((_, i) => i !== 4);
  await change(left, people[7]!, {});
  const newcomer = await newPerson(mls, 'newcomer');
  const { welcome, groupInfo } = await change(left, admin, {
    add: [await claim(newcomer)],
    remove: [{ user: 'user8' }],
  });
  return { welcome: welcome!, groupInfo, newcomer, admin };
}

// The check of ratchet trees in ts-mls 1.6.4 asks that all nodes above an unmerged leaf list the same unmerged leaves;
// RFC 9420 §7.9.2 asks only that those in between list it.
describe('a group with a leaf that is not merged into all keys above it', () => {
  it('takes in who is welcomed', async () => {
    const { welcome, newcomer, admin } = await unmerged();
    await join(newcomer, welcome);
    expect(await read(newcomer, await say(admin, 'welcome'))).toBe('user0/phone: welcome');
  });

  it('takes in a further device that comes by itself', async () => {
    const { groupInfo, admin } = await unmerged();
    const tablet = await newPerson(mls, 'user0', 'tablet');
    const { change: come } = take(tablet, await mls.joinExternally(tablet.device, groupInfo));
    await apply(admin, come.commit!, ruledBy('user0'));
    expect(await read(tablet, await say(admin, 'hello'))).toBe('user0/phone: hello');
  });

  it('is refused when a key between the leaf and one that lists it does not, or a list names nobody below', async () => {
    const { groupInfo } = await unmerged();
    const { tree } = readWithTree(groupInfo, 'mls_group_info');
    expect(lists(tree).flat().length).toBeGreaterThan(0);
    expect([...treeToJoin(tree)]).toEqual(tree);
    const spoilt = [
      ...lists(tree).flatMap((leaves, at) => (leaves.length > 0 ? [withList(tree, at, [...leaves, 6])] : [])),
      ...lists(tree).flatMap((leaves, at) => (leaves.length > 0 ? [withList(tree, at, [999])] : [])),
      withList(tree, rootOf(tree), [0]),
    ];
    const refused = spoilt.map((each) => {
      try {
        treeToJoin(each);
        return 'taken';
      } catch (error) {
        return (error as EncryptionProblem).reason;
      }
    });
    expect(refused).toEqual(spoilt.map(() => 'forged'));
  });
});

// ---

function lists(tree: RatchetTree): readonly (readonly number[])[] {
  return tree.map((node) => (node?.nodeType === 'parent' ? node.parent.unmergedLeaves : []));
}

function withList(tree: RatchetTree, at: number, unmergedLeaves: number[]): RatchetTree {
  return tree.map((node, each) =>
    each === at && node?.nodeType === 'parent' ? { ...node, parent: { ...node.parent, unmergedLeaves } } : node,
  );
}

function rootOf(tree: RatchetTree): number {
  return (tree.length - 1) / 2;
}
