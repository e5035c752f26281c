import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import {
  decodeKeyPackage,
  encodeKeyPackage,
  generateKeyPackageWithKey,
  type KeyPackage as MlsKeyPackage,
  makeKeyPackageRef,
  type PrivateKeyPackage,
  verifyKeyPackage,
} from 'ts-mls/keyPackage.js';
import { verifyLeafNodeSignatureKeyPackage } from 'ts-mls/leafNode.js';
import { toBase64url } from '../../../base64url.ts';
import { pack, unpack } from '../bytes.ts';
import {
  type ClaimedKeyPackage,
  type Device,
  EncryptionProblem,
  type KeyPackage,
  type KeyPackages,
  type Member,
} from '../contract.ts';
import { identityBytes } from '../identity.ts';
import { memberOf } from './members.ts';
import { capabilities, lifetime } from './settings.ts';
import { problemOf, readMessage, writeMessage } from './wire.ts';

/** Both halves of a key package, as ts-mls takes them. */
export interface KeyPackagePair {
  readonly publicPackage: MlsKeyPackage;
  readonly privatePackage: PrivateKeyPackage;
}

export function newPair(device: Device, suite: CiphersuiteImpl): Promise<KeyPackagePair> {
  const credential = { credentialType: 'basic', identity: identityBytes(device.identity) } as const;
  const signatureKeys = { signKey: device.secretKey, publicKey: device.signatureKey };
  return generateKeyPackageWithKey(credential, capabilities, lifetime, [], signatureKeys, suite);
}

export async function makeKeyPackages(device: Device, count: number, suite: CiphersuiteImpl): Promise<KeyPackages> {
  const singleUse: KeyPackage[] = [];
  for (let made = 0; made < count; made++) singleUse.push(await makeOne(device, suite));
  return { singleUse, lastResort: await makeOne(device, suite) };
}

export async function readKeyPackage(
  text: string,
  suite: CiphersuiteImpl,
): Promise<{ readonly id: string; readonly member: Member; readonly keyPackage: MlsKeyPackage }> {
  const { keyPackage } = readMessage(text, 'mls_key_package');
  if (!(await signed(keyPackage, suite))) {
    throw new EncryptionProblem('forged', 'The key package is not signed by the key that it names.');
  }
  return { id: await idOf(keyPackage, suite), member: memberOf(keyPackage.leafNode), keyPackage };
}

/** Throws when one speaks for another user than it was claimed for: whoever keeps the packages must not swap them. */
export async function readClaimed(
  { user, keyPackage: text }: ClaimedKeyPackage,
  suite: CiphersuiteImpl,
): Promise<MlsKeyPackage> {
  const { member, keyPackage } = await readKeyPackage(text, suite);
  if (member.identity.user === user) return keyPackage;
  throw new EncryptionProblem('forged', `The key package given for ${user} speaks for ${member.identity.user}.`);
}

/** Throws when the bytes are not a private part. The signature key is the device's. */
export function readPrivatePart(bytes: Uint8Array, device: Device): KeyPackagePair {
  const [initPrivateKey, hpkePrivateKey, publicPart] = unpack(privatePartKind, bytes.slice(), 3);
  const decoded = decodeKeyPackage(publicPart!, 0);
  if (decoded === undefined) throw new Error('The private part of a key package is damaged.');
  return {
    publicPackage: decoded[0],
    privatePackage: {
      initPrivateKey: initPrivateKey!,
      hpkePrivateKey: hpkePrivateKey!,
      signaturePrivateKey: device.secretKey,
    },
  };
}

// ---

const privatePartKind = 0x4b50;

async function makeOne(device: Device, suite: CiphersuiteImpl): Promise<KeyPackage> {
  const { publicPackage, privatePackage } = await newPair(device, suite);
  const { initPrivateKey, hpkePrivateKey } = privatePackage;
  return {
    id: await idOf(publicPackage, suite),
    keyPackage: writeMessage({ wireformat: 'mls_key_package', keyPackage: publicPackage }),
    privatePart: pack(privatePartKind, [initPrivateKey, hpkePrivateKey, encodeKeyPackage(publicPackage)]),
  };
}

async function idOf(keyPackage: MlsKeyPackage, suite: CiphersuiteImpl): Promise<string> {
  return toBase64url(await makeKeyPackageRef(keyPackage, suite.hash));
}

async function signed(keyPackage: MlsKeyPackage, { signature }: CiphersuiteImpl): Promise<boolean> {
  try {
    const leafSigned = await verifyLeafNodeSignatureKeyPackage(keyPackage.leafNode, signature);
    return leafSigned && (await verifyKeyPackage(keyPackage, signature));
  } catch (error) {
    throw problemOf(error);
  }
}
