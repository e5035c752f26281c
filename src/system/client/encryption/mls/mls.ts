import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import type { Encryption } from '../contract.ts';
import { identityBytes } from '../identity.ts';
import { safetyCode } from '../safety-code.ts';
import { plaintextBytesMax } from '../sizes.ts';
import { apply } from './applying.ts';
import { change, confirm } from './changes.ts';
import { type Engine, innerOf, retire, statesOf } from './group.ts';
import { create, join, joinExternally } from './joining.ts';
import { makeKeyPackages, readKeyPackage } from './key-packages.ts';
import { membersOf } from './members.ts';
import { decrypt, encrypt } from './messages.ts';
import { lean } from './ratchets.ts';
import { spentSecrets } from './secrets.ts';
import { exportDevice, exportGroup, importDevice, importGroup } from './stored.ts';

/** A provider of the cryptography of MLS: cipher suite 1, keys as raw bytes. */
export type CipherSuite = CiphersuiteImpl;

/** Messaging Layer Security (RFC 9420) by ts-mls. Every state is checked against the promises of the contract's `Rule`. */
export function createMls(suite: CipherSuite): Encryption {
  return createOn({ suite, lean });
}

/** The same on any engine. */
export function createOn(engine: Engine): Encryption {
  const { suite } = engine;
  return {
    name: 'mls',
    plaintextBytesMax,
    newDevice: async (identity) => {
      identityBytes(identity);
      const { publicKey, signKey } = await suite.signature.keygen();
      return { identity, signatureKey: publicKey, secretKey: signKey };
    },
    exportDevice,
    importDevice,
    makeKeyPackages: (device, count) => makeKeyPackages(device, count, suite),
    readKeyPackage: async (text) => {
      const { id, member } = await readKeyPackage(text, suite);
      return { id, member };
    },
    create: (device, claimed) => create(device, claimed, engine),
    join: (device, welcome, findPrivate) => join(device, welcome, findPrivate, engine),
    joinExternally: (device, groupInfo) => joinExternally(device, groupInfo, engine),
    change: (group, wanted) => change(group, wanted, engine),
    confirm,
    apply: (group, commit, rule) => apply(group, commit, rule, engine),
    encrypt: (group, plaintext) => encrypt(group, plaintext, suite),
    decrypt: (group, payload) => decrypt(group, payload, suite),
    members: (group) => membersOf(innerOf(group).state.ratchetTree),
    discard: (group) => retire(group, spentSecrets(statesOf(innerOf(group)), [])),
    exportGroup,
    importGroup,
    safetyCode: (a, b) => safetyCode(a, b, suite.hash.digest),
  };
}
