import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { decodeMlsMessage } from 'ts-mls/message.js';
import { describe, expect, it } from 'vitest';
import { createNodeCipherSuite } from '../../../../src/system/adapters/node-cipher-suite.ts';
import { base64urlChars, fromBase64url } from '../../../../src/system/base64url.ts';
import type { Encryption, KeyChange } from '../../../../src/system/client/encryption/contract.ts';
import { encryptions } from '../../../../src/system/client/encryption/index.ts';
import { innerOf } from '../../../../src/system/client/encryption/mls/group.ts';
import { messageBytes, plaintextBytesMax } from '../../../../src/system/client/encryption/sizes.ts';
import { createSeededRandom } from '../../../../src/system/seeded-random.ts';
import { apply, claim, gather, newPerson, type Person, ruledBy, say, take } from '../../../helpers/encrypted-people.ts';
import { arbitrarySteps, play } from './group-world.ts';

const suite = createNodeCipherSuite();
const mls = encryptions.mls({ suite, random: createSeededRandom(1) });
const modelled = encryptions.modelled({ suite, random: createSeededRandom(1) });

describe('what is modelled has the size of the real thing', () => {
  it('for messages of any length', async () => {
    const groups = await Promise.all([mls, modelled].map(async (encryption) => pairOf(encryption)));
    const length = fc.oneof(fc.nat({ max: 400 }), fc.nat({ max: plaintextBytesMax }), fc.constant(plaintextBytesMax));
    await fc.assert(
      fc.asyncProperty(length, async (bytes) => {
        for (const group of groups) {
          const { payload } = await group.encryption.encrypt(group.group!, new Uint8Array(bytes));
          expect(payload).toHaveLength(base64urlChars(messageBytes(bytes)));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('for groups of any number of members, at creation and in every change', async () => {
    for (const members of [1, 2, 3, 5, 8, 17, 40]) {
      expect(await lifeOf(modelled, members), `${members} members`).toEqual(await lifeOf(mls, members));
    }
  });

  it('for whatever six people do', async () => {
    await fc.assert(
      fc.asyncProperty(arbitrarySteps, async (steps) => {
        const [real, model] = [measured(mls), measured(modelled)];
        await play([real.encryption], steps);
        await play([model.encryption], steps);
        expect(model.sizes).toEqual(real.sizes);
      }),
      { numRuns: 40 },
    );
  });
});

describe('what is modelled', () => {
  it('has the form of the real thing', async () => {
    const alice = await pairOf(modelled);
    const payload = await say(alice, 'hello');
    const bytes = fromBase64url(payload)!;
    const [message, length] = decodeMlsMessage(bytes, 0)!;
    expect(length).toBe(bytes.length);
    expect(message).toMatchObject({
      wireformat: 'mls_private_message',
      privateMessage: { contentType: 'application', epoch: 1n },
    });
  });

  it('is the same again from the same seed, and another from another', async () => {
    const once = async (seed: number) => {
      const encryption = encryptions.modelled({ suite, random: createSeededRandom(seed) });
      const sent = measured(encryption);
      await say(await pairOf(sent.encryption), 'hello');
      return sent.texts;
    };
    expect(await once(7)).toEqual(await once(7));
    expect(await once(8)).not.toEqual(await once(7));
  });

  it('does not compress, as real ciphertext does not', async () => {
    const alice = await pairOf(modelled);
    const { payload } = await modelled.encrypt(alice.group!, new Uint8Array(20_000).fill(65));
    const { change } = await modelled.change(alice.group!, {});
    for (const text of [payload, change.commit!]) {
      const bytes = fromBase64url(text)!;
      // A commit also says in clear who is where, as a real one does.
      expect(gzipSync(bytes).length).toBeGreaterThan(bytes.length * 0.9);
    }
  });

  it('holds one public tree for all members of an epoch', async () => {
    const [alice, bob] = [await newPerson(modelled, 'alice'), await newPerson(modelled, 'bob')];
    await gather(alice, bob);
    const tree = (person: Person) => innerOf(person.group!).state.ratchetTree;
    expect(tree(bob)).toBe(tree(alice));
    const { change } = take(alice, await modelled.change(alice.group!, {}));
    take(alice, modelled.confirm(alice.group!));
    await apply(bob, change.commit!, ruledBy(null));
    expect(tree(bob)).toBe(tree(alice));
  });

  it('keeps to the rule and the members as the real one, whatever six people do', async () => {
    await fc.assert(
      fc.asyncProperty(arbitrarySteps, (steps) => play([modelled], steps)),
      { numRuns: 40 },
    );
  });
});

// ---

async function pairOf(encryption: Encryption) {
  const [alice, bob] = [await newPerson(encryption, 'alice'), await newPerson(encryption, 'bob')];
  await gather(alice, bob);
  return alice;
}

/** Sizes of all that one group sends: created, renewed, one more, one less, renewed by another, a further device. */
async function lifeOf(encryption: Encryption, members: number): Promise<number[][]> {
  const [creator, ...others] = await Promise.all(
    Array.from({ length: members }, (_, index) => newPerson(encryption, `user-${index}`)),
  );
  const packages = await encryption.makeKeyPackages(creator!.device, 1);
  const changes: KeyChange[] = [await gather(creator!, ...others)];
  const late = await newPerson(encryption, 'latecomer');
  const wishes = [{}, { add: [await claim(late)] }, ...(members > 1 ? [{ remove: [{ user: 'user-1' }] }] : []), {}];
  for (const wanted of wishes) {
    changes.push(take(creator!, await encryption.change(creator!.group!, wanted)).change);
    take(creator!, encryption.confirm(creator!.group!));
  }
  const tablet = await newPerson(encryption, 'user-0', 'tablet');
  changes.push((await encryption.joinExternally(tablet.device, changes.at(-1)!.groupInfo)).change);
  return [packages.singleUse.map((each) => each.keyPackage.length), ...changes.map(sizesOf)];
}

function sizesOf({ commit, welcome, groupInfo }: KeyChange): number[] {
  return [commit?.length ?? -1, welcome?.length ?? -1, groupInfo.length];
}

/** The same encryption, and the sizes of everything that it gives out for the server. */
function measured(encryption: Encryption): { encryption: Encryption; sizes: number[]; texts: string[] } {
  const sizes: number[] = [];
  const texts: string[] = [];
  const note = (text: string | null) => {
    sizes.push(text?.length ?? -1);
    texts.push(text ?? '');
  };
  const noted = <Made extends { readonly change: KeyChange }>(made: Made): Made => {
    for (const text of [made.change.commit, made.change.welcome, made.change.groupInfo]) note(text);
    return made;
  };
  return {
    sizes,
    texts,
    encryption: {
      ...encryption,
      create: async (device, claimed) => noted(await encryption.create(device, claimed)),
      joinExternally: async (device, groupInfo) => noted(await encryption.joinExternally(device, groupInfo)),
      change: async (group, wanted) => noted(await encryption.change(group, wanted)),
      encrypt: async (group, plaintext) => {
        const encrypted = await encryption.encrypt(group, plaintext);
        note(encrypted.payload);
        return encrypted;
      },
    },
  };
}
