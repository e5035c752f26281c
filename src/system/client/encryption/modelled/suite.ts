import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import type { PrivateKey, PublicKey } from 'ts-mls/crypto/hpke.js';
import type { Random } from '../../../ports.ts';
import { suiteName } from '../mls/settings.ts';
import { signatureBytes, tagBytes } from '../sizes.ts';
import { mask, seedOf, stream } from './stream.ts';

/**
 * Stands in for cipher suite 1: everything has the length that it has there and looks as random, nothing is secret, and
 * every signature and tag is right. Keys are unique, for MLS refuses trees in which they are not.
 */
export function createModelledSuite(random: Random): CiphersuiteImpl {
  const sealed = (plaintext: Uint8Array, ...context: readonly Uint8Array[]): Uint8Array => {
    const bytes = new Uint8Array(plaintext.length + tagBytes);
    bytes.set(plaintext);
    return mask(bytes, seedOf(...context));
  };
  const opened = (ciphertext: Uint8Array, ...context: readonly Uint8Array[]): Uint8Array =>
    mask(ciphertext.slice(), seedOf(...context)).subarray(0, -tagBytes);
  return {
    name: suiteName,
    rng: { randomBytes: (length) => random.bytes(length) },
    hash: {
      digest: async (data) => stream(keyBytes, seedOf(data)),
      mac: async (key, data) => stream(keyBytes, seedOf(key, data)),
      verifyMac: async () => true,
    },
    kdf: {
      size: keyBytes,
      extract: async (salt, keyMaterial) => stream(keyBytes, seedOf(salt, keyMaterial)),
      expand: async (key, info, length) => stream(length, seedOf(key, info)),
    },
    signature: {
      sign: async (key, message) => stream(signatureBytes, seedOf(key, message)),
      verify: async () => true,
      keygen: async () => ({ publicKey: random.bytes(keyBytes), signKey: random.bytes(keyBytes) }),
    },
    hpke: {
      keyLength: 16,
      nonceLength: 12,
      seal: async (_key, plaintext, info) => {
        const enc = random.bytes(keyBytes);
        return { enc, ct: sealed(plaintext, enc, info) };
      },
      open: async (_key, enc, ciphertext, info) => opened(ciphertext, enc, info),
      encryptAead: async (key, nonce, _aad, plaintext) => sealed(plaintext, key, nonce),
      decryptAead: async (key, nonce, _aad, ciphertext) => opened(ciphertext, key, nonce),
      exportSecret: async () => ({ enc: random.bytes(keyBytes), secret: random.bytes(keyBytes) }),
      importSecret: async (_key, _context, enc, length) => stream(length, seedOf(enc)),
      importPrivateKey: async (raw) => handle(raw),
      importPublicKey: async (raw) => handle(raw),
      exportPublicKey: async (key) => rawOf(key),
      exportPrivateKey: async (key) => rawOf(key),
      deriveKeyPair: async (keyMaterial) => pairOf(stream(keyBytes, seedOf(keyMaterial))),
      generateKeyPair: async () => pairOf(random.bytes(keyBytes)),
    },
  };
}

// ---

const keyBytes = 32;

function pairOf(secret: Uint8Array): { privateKey: PrivateKey; publicKey: PublicKey } {
  return { privateKey: handle(secret), publicKey: handle(stream(keyBytes, seedOf(secret))) };
}

const raws = new WeakMap<object, Uint8Array>();

/** What ts-mls hands about as a `CryptoKey` and never looks into. */
function handle<Type extends PrivateKey | PublicKey>(raw: Uint8Array): Type {
  const key = { type: 'private', algorithm: { name: 'modelled' }, extractable: true, usages: [] };
  raws.set(key, raw);
  return key as unknown as Type;
}

function rawOf(key: PrivateKey | PublicKey): Uint8Array {
  return raws.get(key)!;
}
