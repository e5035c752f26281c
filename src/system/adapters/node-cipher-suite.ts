import {
  createCipheriv,
  createDecipheriv,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import type { CiphersuiteImpl, Hash, Kdf, Signature } from 'ts-mls';
import { digest, expand, extract, hashBytes, hmac, plain } from './node-hkdf.ts';
import { createNodeHpke } from './node-hpke.ts';
import { privateKeyOf, publicKeyOf, rawKeyOf } from './node-keys.ts';

/**
 * MLS cipher suite 1 (MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519, RFC 9420 §17.1) on synchronous `node:crypto`: for a
 * short message the dispatch of each WebCrypto call costs more than its work. Keys are raw bytes, as on the wire.
 */
export function createNodeCipherSuite(): CiphersuiteImpl {
  return {
    name: 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519',
    hash,
    kdf,
    signature: createSignature(),
    hpke: createNodeHpke({ kdf: { extract, expand }, aead: { encrypt, decrypt } }),
    rng: { randomBytes: (length) => new Uint8Array(randomBytes(length)) },
  };
}

/** AES-128-GCM; the tag is the last 16 bytes. */
function encrypt(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-128-gcm', key, nonce, { authTagLength: tagBytes });
  if (aad.length > 0) cipher.setAAD(aad);
  const output = new Uint8Array(plaintext.length + tagBytes);
  output.set(cipher.update(plaintext));
  cipher.final();
  output.set(cipher.getAuthTag(), plaintext.length);
  return output;
}

/** Throws when the key, the nonce, the associated data or the ciphertext are not those of `encrypt`. */
function decrypt(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  if (ciphertext.length < tagBytes) throw new Error(`A ciphertext has at least ${tagBytes} bytes.`);
  const end = ciphertext.length - tagBytes;
  const decipher = createDecipheriv('aes-128-gcm', key, nonce, { authTagLength: tagBytes });
  if (aad.length > 0) decipher.setAAD(aad);
  decipher.setAuthTag(ciphertext.subarray(end));
  const plaintext = decipher.update(ciphertext.subarray(0, end));
  decipher.final();
  return plain(plaintext);
}

// ---

const tagBytes = 16;
/** Members whose signatures are checked again and again; a key object costs 20 times a look-up. */
const verifiersMax = 4096;

const hash: Hash = {
  digest: async (data) => digest(data),
  mac: async (key, data) => hmac(key, data),
  verifyMac: async (key, mac, data) => mac.length === hashBytes && timingSafeEqual(mac, hmac(key, data)),
};

const kdf: Kdf = {
  extract: async (salt, keyMaterial) => extract(salt, keyMaterial),
  expand: async (key, info, length) => expand(key, info, length),
  size: hashBytes,
};

/** Ed25519 (RFC 8032). Key objects are made once: for a secret key as long as its bytes live, for the newest public keys. */
function createSignature(): Signature {
  const signers = new WeakMap<Uint8Array, KeyObject>();
  const verifiers = new Map<string, KeyObject>();
  const signerOf = (key: Uint8Array): KeyObject => {
    const known = signers.get(key);
    if (known !== undefined) return known;
    const made = privateKeyOf('Ed25519', key);
    signers.set(key, made);
    return made;
  };
  const verifierOf = (key: Uint8Array): KeyObject => {
    const name = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
    const known = verifiers.get(name);
    if (known !== undefined) return known;
    const made = publicKeyOf('Ed25519', key);
    if (verifiers.size >= verifiersMax) verifiers.delete(verifiers.keys().next().value!);
    verifiers.set(name, made);
    return made;
  };
  return {
    sign: async (key, message) => plain(sign(null, message, signerOf(key))),
    verify: async (key, message, signature) => verify(null, message, verifierOf(key), signature),
    keygen: async () => {
      const pair = generateKeyPairSync('ed25519');
      return { publicKey: rawKeyOf(pair.publicKey), signKey: rawKeyOf(pair.privateKey) };
    },
  };
}
