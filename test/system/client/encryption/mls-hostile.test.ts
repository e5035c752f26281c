import fc from 'fast-check';
import type { ClientState } from 'ts-mls/clientState.js';
import { createCommit, joinGroupExternal } from 'ts-mls/createCommit.js';
import { createProposal } from 'ts-mls/createMessage.js';
import type { MlsMessageContent } from 'ts-mls/message.js';
import type { Proposal } from 'ts-mls/proposal.js';
import { describe, expect, it } from 'vitest';
import { createNodeCipherSuite } from '../../../../src/system/adapters/node-cipher-suite.ts';
import { fromBase64url, toBase64url } from '../../../../src/system/base64url.ts';
import { identityBytes } from '../../../../src/system/client/encryption/identity.ts';
import { innerOf } from '../../../../src/system/client/encryption/mls/group.ts';
import { newPair } from '../../../../src/system/client/encryption/mls/key-packages.ts';
import { createMls } from '../../../../src/system/client/encryption/mls/mls.ts';
import { config } from '../../../../src/system/client/encryption/mls/settings.ts';
import { readWithTree, writeMessage } from '../../../../src/system/client/encryption/mls/wire.ts';
import { claim, gather, newPerson, type Person, ruledBy, say } from '../../../helpers/encrypted-people.ts';

const suite = createNodeCipherSuite();
const mls = createMls(suite);

describe('a member that keeps to MLS but not to the rule', () => {
  it.each([
    ['renames itself', (own: ClientState) => renamed(own, 'alice', 'tablet')],
    ['takes the name of the admin', (own: ClientState) => renamed(own, 'alice', 'phone')],
  ])('%s: refused', async (_, twist) => {
    const { alice, mallory } = await group();
    const commit = await commitOf(twist(innerOf(mallory.group!).state), []);
    expect(await mls.apply(alice.group!, commit, ruledBy('alice'))).toMatchObject({ kind: 'rejected' });
    // Also if it is the admin: a name and its key stay together.
    expect(await mls.apply(alice.group!, commit, ruledBy('mallory'))).toMatchObject({ kind: 'rejected' });
  });

  it.each<[string, Proposal]>([
    [
      'extensions of the group',
      { proposalType: 'group_context_extensions', groupContextExtensions: { extensions: [] } },
    ],
    [
      'a group to follow this one',
      {
        proposalType: 'reinit',
        reinit: { groupId: new Uint8Array(16), version: 'mls10', cipherSuite: suite.name, extensions: [] },
      },
    ],
  ])('commits %s: refused, even if it is the admin', async (_, proposal) => {
    const { alice, mallory } = await group();
    const commit = await commitOf(innerOf(mallory.group!).state, [proposal]);
    const applied = await mls.apply(alice.group!, commit, ruledBy('mallory'));
    expect(applied).toMatchObject({ kind: 'rejected', reason: 'notAllowed' });
  });

  it('proposes without committing: refused', async () => {
    const { alice, mallory } = await group();
    const { state } = innerOf(mallory.group!);
    const proposal: Proposal = { proposalType: 'remove', remove: { removed: 0 } };
    const { message } = await createProposal(state, true, proposal, suite);
    const text = writeMessage(message as MlsMessageContent);
    expect(await mls.apply(alice.group!, text, ruledBy('mallory'))).toMatchObject({ reason: 'notAllowed' });
  });

  it('hides a commit in a message: refused', async () => {
    const { alice, mallory } = await group();
    const { commit } = await createCommit({ state: innerOf(mallory.group!).state, cipherSuite: suite });
    const text = writeMessage(commit as MlsMessageContent);
    expect(await mls.decrypt(alice.group!, text)).toMatchObject({ kind: 'unreadable', reason: 'notAllowed' });
    expect(await mls.apply(alice.group!, text, ruledBy('mallory'))).toMatchObject({ reason: 'malformed' });
  });

  it('adds a second device of a name that is there: refused', async () => {
    const { alice, bob, mallory } = await group();
    const twin = await claim(await newPerson(mls, 'bob'));
    await expect(mls.change(mallory.group!, { add: [twin] })).rejects.toThrow();
    expect(mls.members(alice.group!)).toHaveLength(3);
    expect(bob.group!.epoch).toBe(1);
  });
});

describe('a stranger', () => {
  it('that comes in by itself is refused by every member, whatever name it takes', async () => {
    const { alice, change } = await group();
    for (const [name, device] of [
      ['eve', 'phone'],
      ['Alice', 'phone'],
    ] as const) {
      const commit = await intrude(await newPerson(mls, name, device), change.groupInfo, false);
      const applied = await mls.apply(alice.group!, commit, ruledBy('eve'));
      expect(applied).toMatchObject({ kind: 'rejected', reason: 'notAllowed' });
    }
  });

  it('under the name of a device that is there is refused unless it takes that place', async () => {
    const { alice, change } = await group();
    const twin = await intrude(await newPerson(mls, 'bob'), change.groupInfo, false);
    expect(await mls.apply(alice.group!, twin, ruledBy('alice'))).toMatchObject({ kind: 'rejected', reason: 'forged' });
  });
});

describe('a bit that changed on the way', () => {
  it('makes a message unreadable and a commit refused, and never throws', async () => {
    const { alice, bob } = await group();
    const payload = await say(alice, 'as sent');
    const { change } = await mls.change(alice.group!, { remove: [{ user: 'mallory' }] });
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        expect((await mls.decrypt(bob.group!, flipped(payload, at, mask))).kind).toBe('unreadable');
        const applied = await mls.apply(bob.group!, flipped(change.commit!, at, mask), ruledBy('alice'));
        expect(applied.kind).toBe('rejected');
      }),
      { numRuns: 300 },
    );
    expect((await mls.apply(bob.group!, change.commit!, ruledBy('alice'))).kind).toBe('applied');
    expect((await mls.decrypt(bob.group!, payload)).kind).toBe('message');
  });

  it('makes a welcome, a description of the group and a key package useless', async () => {
    const { alice, bob } = await group();
    const dave = await newPerson(mls, 'dave');
    const claimed = await claim(dave);
    const { change } = await mls.change(alice.group!, { add: [claimed] });
    const tablet = await newPerson(mls, 'bob', 'tablet');
    const find = (id: string) => dave.privates.get(id) ?? null;
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        await expect(mls.join(dave.device, flipped(change.welcome!, at, mask), find)).rejects.toThrow();
        await expect(mls.joinExternally(tablet.device, flipped(change.groupInfo, at, mask))).rejects.toThrow();
        await expect(mls.readKeyPackage(flipped(claimed.keyPackage, at, mask))).rejects.toThrow();
      }),
      { numRuns: 150 },
    );
    expect(bob.group!.epoch).toBe(1);
    expect((await mls.join(dave.device, change.welcome!, find)).group.epoch).toBe(2);
  });
});

// ---

async function group() {
  const [alice, bob, mallory] = [
    await newPerson(mls, 'alice'),
    await newPerson(mls, 'bob'),
    await newPerson(mls, 'mallory'),
  ];
  return { alice, bob, mallory, change: await gather(alice, bob, mallory) };
}

async function commitOf(state: ClientState, extraProposals: Proposal[]): Promise<string> {
  const { commit } = await createCommit({ state, cipherSuite: suite }, { wireAsPublicMessage: true, extraProposals });
  return writeMessage(commit as MlsMessageContent);
}

/** The state as a client would have it that gives itself another name in its next commit. */
function renamed(state: ClientState, user: string, device: string): ClientState {
  const own = state.privatePath.leafIndex * 2;
  const ratchetTree = state.ratchetTree.map((node, at) =>
    at === own && node?.nodeType === 'leaf'
      ? {
          ...node,
          leaf: {
            ...node.leaf,
            credential: { credentialType: 'basic' as const, identity: identityBytes({ user, device }) },
          },
        }
      : node,
  );
  return { ...state, ratchetTree };
}

/** Comes in without the checks that an honest client makes of itself. */
async function intrude(person: Person, groupInfoText: string, resync: boolean): Promise<string> {
  const { content, tree } = readWithTree(groupInfoText, 'mls_group_info');
  const pair = await newPair(person.device, suite);
  const { publicMessage } = await joinGroupExternal(
    content.groupInfo,
    pair.publicPackage,
    pair.privatePackage,
    resync,
    suite,
    tree,
    config,
  );
  return writeMessage({ wireformat: 'mls_public_message', publicMessage });
}

function flipped(text: string, at: number, mask: number): string {
  const bytes = fromBase64url(text)!;
  bytes[at % bytes.length]! ^= mask;
  return toBase64url(bytes);
}
