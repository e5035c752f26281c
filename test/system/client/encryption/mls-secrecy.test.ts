import type { ClientState } from 'ts-mls/clientState.js';
import { encode } from 'ts-mls/codec/tlsEncoder.js';
import { decryptWithLabel } from 'ts-mls/crypto/hpke.js';
import { groupContextEncoder } from 'ts-mls/groupContext.js';
import { initializeEpoch } from 'ts-mls/keySchedule.js';
import { processPrivateMessage } from 'ts-mls/processMessages.js';
import { emptyPskIndex } from 'ts-mls/pskIndex.js';
import { createSecretTree } from 'ts-mls/secretTree.js';
import { leafWidth } from 'ts-mls/treemath.js';
import { describe, expect, it } from 'vitest';
import { createNodeCipherSuite } from '../../../../src/system/adapters/node-cipher-suite.ts';
import { innerOf } from '../../../../src/system/client/encryption/mls/group.ts';
import { createMls } from '../../../../src/system/client/encryption/mls/mls.ts';
import { secretsOf } from '../../../../src/system/client/encryption/mls/secrets.ts';
import { readMessage } from '../../../../src/system/client/encryption/mls/wire.ts';
import {
  apply,
  claim,
  gather,
  newPerson,
  type Person,
  read,
  ruledBy,
  say,
  take,
} from '../../../helpers/encrypted-people.ts';

const suite = createNodeCipherSuite();
const mls = createMls(suite);

describe('somebody who was removed', () => {
  it('is left out by an update path: the commit of one removal renews the keys of the others', async () => {
    const { commit } = await removal();
    const { path, proposals } = commitIn(commit);
    expect(proposals).toHaveLength(1);
    expect(path?.nodes.length).toBeGreaterThan(0);
    for (const { encryptedPathSecret } of path!.nodes) expect(encryptedPathSecret.length).toBeGreaterThan(0);
  });

  it('cannot open any secret of that path with any key it ever had', async () => {
    const { commit, bobState, aliceState } = await removal();
    const provisional = encode(groupContextEncoder)({
      ...bobState.groupContext,
      epoch: bobState.groupContext.epoch + 1n,
      treeHash: aliceState.groupContext.treeHash,
    });
    const sealed = commitIn(commit).path!.nodes.flatMap((node) => node.encryptedPathSecret);
    for (const raw of Object.values(bobState.privatePath.privateKeys)) {
      const key = await suite.hpke.importPrivateKey(raw);
      for (const { kemOutput, ciphertext } of sealed) {
        const opened = decryptWithLabel(key, 'UpdatePathNode', provisional, kemOutput, ciphertext, suite.hpke);
        await expect(opened).rejects.toThrow();
      }
    }
  });

  it('cannot derive the next epoch from the last as if the commit had brought no new secret', async () => {
    const { bobState, aliceState, payload } = await removal();
    const guess = await guessEpoch(bobState, aliceState);
    expect(guess.keySchedule.senderDataSecret).not.toEqual(aliceState.keySchedule.senderDataSecret);
    const tree = aliceState.ratchetTree;
    const secretTree = await createSecretTree(leafWidth(tree.length), guess.encryptionSecret, suite.kdf);
    const guessed: ClientState = { ...aliceState, keySchedule: guess.keySchedule, secretTree };
    const { privateMessage } = readMessage(payload, 'mls_private_message');
    await expect(processPrivateMessage(guessed, privateMessage, emptyPskIndex, suite)).rejects.toThrow();
  });

  it('could do so where a commit brings none, as one that only adds: the guess above is a real one', async () => {
    const [alice, bob] = await three();
    const before = innerOf(mls.importGroup(mls.exportGroup(bob.group!))).state;
    const dave = await newPerson(mls, 'dave');
    const { change } = take(alice, await mls.change(alice.group!, { add: [await claim(dave)] }));
    expect(commitIn(change.commit!).path).toBeUndefined();
    take(alice, mls.confirm(alice.group!));
    const { state } = innerOf(alice.group!);
    const guess = await guessEpoch(before, state);
    expect(guess.keySchedule.senderDataSecret).toEqual(state.keySchedule.senderDataSecret);
  });

  it('reads nothing of what follows, whether it heard of its removal or not', async () => {
    const { bobUnaware, payload } = await removal();
    expect(await read(bobUnaware, payload)).toBe('futureEpoch');
  });

  it('or left: the same when another member than the admin ends it', async () => {
    const [alice, bob, carol] = await three();
    const { change } = take(carol, await mls.change(carol.group!, { remove: [{ user: 'bob' }] }));
    take(carol, mls.confirm(carol.group!));
    expect(commitIn(change.commit!).path).toBeDefined();
    await apply(alice, change.commit!, ruledBy('alice', 'bob'));
    const payload = await say(alice, 'after');
    expect(await read(carol, payload)).toBe('alice/phone: after');
    expect(await read(bob, payload)).toBe('futureEpoch');
  });
});

describe('spent keys', () => {
  it('are overwritten after sending and receiving, and gone from what is stored', async () => {
    const [alice, bob] = await three();
    const send = watch(alice);
    const payload = await say(alice, 'hello');
    expect(send.wiped()).toBe(1);
    const receive = watch(bob);
    await read(bob, payload);
    expect(receive.wiped()).toBe(1);
    for (const [person, before] of [
      [alice, send],
      [bob, receive],
    ] as const) {
      expect(before.spentIn(mls.exportGroup(person.group!))).toBe(0);
      expect(intact(person)).toBe(true);
    }
  });

  it('of a skipped message are kept until it was read', async () => {
    const [alice, bob] = await three();
    const [first, second] = [await say(alice, 'first'), await say(alice, 'second')];
    await read(bob, second);
    const watched = watch(bob);
    await read(bob, first);
    expect(watched.wiped()).toBe(1);
  });

  it('of an epoch are overwritten when the one after the next begins', async () => {
    const [alice, bob] = await three();
    const watched = watch(bob);
    for (let epoch = 1; epoch <= 2; epoch++) {
      const { change } = take(alice, await mls.change(alice.group!, {}));
      take(alice, mls.confirm(alice.group!));
      await apply(bob, change.commit!, ruledBy('alice'));
      // The key of one's own leaf stays: another renewed hers.
      expect(watched.kept(), `after ${epoch}`).toBe(epoch === 1 ? watched.keptForLateMessages : 1);
      expect(intact(bob)).toBe(true);
    }
    expect(watched.spentIn(mls.exportGroup(bob.group!))).toBe(0);
  });

  it('of a change that lost its race are overwritten', async () => {
    const [alice, bob] = await three();
    take(bob, await mls.change(bob.group!, {}));
    const lost = [...secretsOf(innerOf(bob.group!).pending!.state)];
    const { change } = take(alice, await mls.change(alice.group!, {}));
    await apply(bob, change.commit!, ruledBy('alice'));
    const kept = secretsOf(innerOf(bob.group!).state);
    expect(lost.filter((secret) => !kept.has(secret)).every(isZero)).toBe(true);
    expect(intact(bob)).toBe(true);
  });

  it('are all of them when one is removed', async () => {
    const [alice, bob] = await three();
    const watched = watch(bob);
    const { change } = take(alice, await mls.change(alice.group!, { remove: [{ user: 'bob' }] }));
    await apply(bob, change.commit!, ruledBy('alice'));
    expect(watched.kept()).toBe(0);
    expect(isZero(bob.device.secretKey)).toBe(false);
  });

  it('of a key package are overwritten once it was used', async () => {
    const imported: Uint8Array[] = [];
    const importPrivateKey = (raw: Uint8Array) => {
      imported.push(raw);
      return suite.hpke.importPrivateKey(raw);
    };
    const watched = createMls({ ...suite, hpke: { ...suite.hpke, importPrivateKey } });
    const [alice, bob] = [await newPerson(mls, 'alice'), await newPerson(watched, 'bob')];
    const { singleUse } = await watched.makeKeyPackages(bob.device, 1);
    const { id, keyPackage, privatePart } = singleUse[0]!;
    const { change } = await mls.create(alice.device, [{ user: 'bob', keyPackage }]);
    const joined = await watched.join(bob.device, change.welcome!, () => privatePart);
    expect(joined.usedKeyPackage).toBe(id);
    const [initKey] = imported;
    expect(includes(privatePart, initKey!)).toBe(true);
    joined.wipe();
    expect(isZero(initKey!)).toBe(true);
    // The stored copy is the caller's to delete: it may be that of last resort.
    expect(isZero(privatePart)).toBe(false);
  });
});

// ---

async function three(): Promise<[Person, Person, Person]> {
  const people = [await newPerson(mls, 'alice'), await newPerson(mls, 'bob'), await newPerson(mls, 'carol')] as const;
  await gather(...people);
  return [...people];
}

/** Alice removes bob from a group of three and says something. Bob's state is that of before. */
async function removal() {
  const [alice, bob, carol] = await three();
  const bobUnaware = { ...bob, group: mls.importGroup(mls.exportGroup(bob.group!)) };
  const { change } = take(alice, await mls.change(alice.group!, { remove: [{ user: 'bob' }] }));
  take(alice, mls.confirm(alice.group!));
  await apply(carol, change.commit!, ruledBy('alice'));
  const aliceState = innerOf(mls.importGroup(mls.exportGroup(alice.group!))).state;
  const payload = await say(alice, 'bob is gone');
  expect(await read(carol, payload)).toBe('alice/phone: bob is gone');
  return { commit: change.commit!, bobUnaware, bobState: innerOf(bobUnaware.group).state, aliceState, payload };
}

/** The keys of the epoch after `before`, for who knows its public part and takes the commit's secret for zero. */
function guessEpoch(before: ClientState, { groupContext }: ClientState) {
  const nothing = new Uint8Array(suite.kdf.size);
  return initializeEpoch(before.keySchedule.initSecret, nothing, groupContext, nothing, suite.kdf);
}

function commitIn(text: string) {
  const { content } = readMessage(text, 'mls_public_message').publicMessage;
  if (content.contentType !== 'commit') throw new Error('It is no commit.');
  return content.commit;
}

/** The secrets that a person's group holds now, to be asked later what became of them. */
function watch(person: Person) {
  const { state } = innerOf(person.group!);
  const secrets = [...secretsOf(state)].map((live) => ({ live, copy: live.slice() }));
  const late = new Set([state.keySchedule.senderDataSecret, state.keySchedule.resumptionPsk]);
  const ofTree = secretsOf({ ...state, keySchedule: {} as never, privatePath: { leafIndex: 0, privateKeys: {} } });
  return {
    wiped: () => secrets.filter(({ live }) => isZero(live)).length,
    kept: () => secrets.filter(({ live }) => !isZero(live)).length,
    /** The ratchets, what names a sender, what later epochs might refer to, and the key of one's own leaf. */
    keptForLateMessages: new Set([...ofTree, ...late]).size + 1,
    spentIn: (bytes: Uint8Array) => secrets.filter(({ live, copy }) => isZero(live) && includes(bytes, copy)).length,
  };
}

/** No secret that is still needed was overwritten. */
function intact(person: Person): boolean {
  return [...secretsOf(innerOf(person.group!).state)].every((secret) => !isZero(secret));
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function includes(bytes: Uint8Array, part: Uint8Array): boolean {
  return Buffer.from(bytes).includes(Buffer.from(part));
}
