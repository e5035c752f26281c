import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Hpke, PrivateKey, PublicKey } from 'ts-mls';
import { privateKeyOf, publicKeyOf, rawKeyOf } from './node-keys.ts';

/** The primitives that HPKE is made of, synchronous. */
export interface HpkeParts {
  readonly kdf: {
    extract(salt: Uint8Array, keyMaterial: Uint8Array): Uint8Array;
    expand(key: Uint8Array, info: Uint8Array, length: number): Uint8Array;
  };
  readonly aead: {
    encrypt(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array;
    decrypt(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): Uint8Array;
  };
}

/** HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-128-GCM. */
export function createNodeHpke({ kdf, aead }: HpkeParts): Hpke {
  const labelled = labelledKdf(kdf);

  /** ExtractAndExpand of §4.1. */
  function sharedSecret(secret: KeyObject, other: KeyObject, kemContext: Uint8Array): Uint8Array {
    const dh = diffieHellman({ privateKey: secret, publicKey: other });
    const prk = labelled.extract(kemSuite, none, 'eae_prk', dh);
    return labelled.expand(kemSuite, prk, 'shared_secret', kemContext, secretBytes);
  }

  function encap(to: PublicKey): { readonly shared: Uint8Array; readonly enc: Uint8Array } {
    const recipient = keyOf(to);
    const ephemeral = generateKeyPairSync('x25519');
    const enc = rawKeyOf(ephemeral.publicKey);
    return { shared: sharedSecret(ephemeral.privateKey, recipient.object, concat(enc, recipient.raw())), enc };
  }

  function decap(secret: PrivateKey, enc: Uint8Array): Uint8Array {
    const recipient = keyOf(secret);
    const own = rawKeyOf(createPublicKey(recipient.object));
    return sharedSecret(recipient.object, publicKeyOf('X25519', enc), concat(enc, own));
  }

  /** KeySchedule of §5.1, base mode: there is no pre-shared key. */
  function schedule(shared: Uint8Array, info: Uint8Array): Schedule {
    const pskIdHash = labelled.extract(hpkeSuite, none, 'psk_id_hash', none);
    const infoHash = labelled.extract(hpkeSuite, none, 'info_hash', info);
    const context = concat(Uint8Array.of(baseMode), pskIdHash, infoHash);
    const secret = labelled.extract(hpkeSuite, shared, 'secret', none);
    return {
      key: () => labelled.expand(hpkeSuite, secret, 'key', context, keyBytes),
      nonce: () => labelled.expand(hpkeSuite, secret, 'base_nonce', context, nonceBytes),
      exported: (exporterContext, length) => {
        const exporter = labelled.expand(hpkeSuite, secret, 'exp', context, secretBytes);
        return labelled.expand(hpkeSuite, exporter, 'sec', exporterContext, length);
      },
    };
  }

  return {
    keyLength: keyBytes,
    nonceLength: nonceBytes,
    seal: async (to, plaintext, info, aad = none) => {
      const { shared, enc } = encap(to);
      const keys = schedule(shared, info);
      return { enc, ct: aead.encrypt(keys.key(), keys.nonce(), aad, plaintext) };
    },
    open: async (secret, enc, ciphertext, info, aad = none) => {
      const keys = schedule(decap(secret, enc), info);
      return aead.decrypt(keys.key(), keys.nonce(), aad, ciphertext);
    },
    exportSecret: async (to, exporterContext, length, info) => {
      const { shared, enc } = encap(to);
      return { enc, secret: schedule(shared, info).exported(exporterContext, length) };
    },
    importSecret: async (secret, exporterContext, enc, length, info) =>
      schedule(decap(secret, enc), info).exported(exporterContext, length),
    encryptAead: async (key, nonce, aad, plaintext) => aead.encrypt(key, nonce, aad ?? none, plaintext),
    decryptAead: async (key, nonce, aad, ciphertext) => aead.decrypt(key, nonce, aad ?? none, ciphertext),
    importPrivateKey: async (raw) => wrap(privateKeyOf('X25519', raw)),
    importPublicKey: async (raw) => wrap(publicKeyOf('X25519', raw)),
    exportPublicKey: async (key) => keyOf(key).raw(),
    exportPrivateKey: async (key) => keyOf(key).raw(),
    /** DeriveKeyPair of §7.1.3. */
    deriveKeyPair: async (keyMaterial) => {
      const prk = labelled.extract(kemSuite, none, 'dkp_prk', keyMaterial);
      const secret = privateKeyOf('X25519', labelled.expand(kemSuite, prk, 'sk', none, secretBytes));
      return { privateKey: wrap(secret), publicKey: wrap(createPublicKey(secret)) };
    },
    generateKeyPair: async () => {
      const pair = generateKeyPairSync('x25519');
      return { privateKey: wrap(pair.privateKey), publicKey: wrap(pair.publicKey) };
    },
  };
}

// ---

interface Schedule {
  key(): Uint8Array;
  nonce(): Uint8Array;
  exported(context: Uint8Array, length: number): Uint8Array;
}

const none = new Uint8Array();
const baseMode = 0;
const secretBytes = 32;
const keyBytes = 16;
const nonceBytes = 12;
/** "KEM" and the number of DHKEM(X25519, HKDF-SHA256). */
const kemSuite = concat(text('KEM'), Uint8Array.of(0, 0x20));
/** "HPKE" and the numbers of the KEM, the KDF and the AEAD. */
const hpkeSuite = concat(text('HPKE'), Uint8Array.of(0, 0x20, 0, 1, 0, 1));

/** LabeledExtract and LabeledExpand of §4. */
function labelledKdf(kdf: HpkeParts['kdf']) {
  const version = text('HPKE-v1');
  return {
    extract: (suite: Uint8Array, salt: Uint8Array, label: string, keyMaterial: Uint8Array) =>
      kdf.extract(salt, concat(version, suite, text(label), keyMaterial)),
    expand: (suite: Uint8Array, prk: Uint8Array, label: string, info: Uint8Array, length: number) =>
      kdf.expand(prk, concat(Uint8Array.of(length >> 8, length & 255), version, suite, text(label), info), length),
  };
}

/** What ts-mls hands about as a `CryptoKey` and never looks into. */
interface NodeKey {
  readonly object: KeyObject;
  raw(): Uint8Array;
}

const keys = new WeakMap<object, NodeKey>();

function wrap<Type extends PrivateKey | PublicKey>(object: KeyObject): Type {
  const handle = { type: object.type, algorithm: { name: 'X25519' }, extractable: true, usages: [] };
  keys.set(handle, { object, raw: () => rawKeyOf(object) });
  return handle as unknown as Type;
}

function keyOf(handle: PrivateKey | PublicKey): NodeKey {
  const key = keys.get(handle);
  if (key === undefined) throw new Error('This key was made by another provider; import its raw bytes first.');
  return key;
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const output = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    output.set(part, at);
    at += part.length;
  }
  return output;
}
