import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

export type Curve = 'X25519' | 'Ed25519';

/** A key object of a raw private key: 32 bytes, an Ed25519 seed or an X25519 scalar. */
export function privateKeyOf(curve: Curve, raw: Uint8Array): KeyObject {
  expectKeyBytes(curve, raw);
  return createPrivateKey({ key: Buffer.concat([heads[curve].private, raw]), format: 'der', type: 'pkcs8' });
}

/** A key object of a raw public key of 32 bytes. */
export function publicKeyOf(curve: Curve, raw: Uint8Array): KeyObject {
  expectKeyBytes(curve, raw);
  return createPublicKey({ key: Buffer.concat([heads[curve].public, raw]), format: 'der', type: 'spki' });
}

/** The 32 raw bytes of a private or public key. */
export function rawKeyOf(key: KeyObject): Uint8Array {
  const der =
    key.type === 'private' ? key.export({ format: 'der', type: 'pkcs8' }) : key.export({ format: 'der', type: 'spki' });
  return new Uint8Array(der.subarray(der.length - keyBytes));
}

// ---

const keyBytes = 32;

/** What stands before the raw key in DER (RFC 8410): only the last byte of the object identifier differs. */
const heads: Readonly<Record<Curve, { readonly private: Buffer; readonly public: Buffer }>> = {
  X25519: head(0x6e),
  Ed25519: head(0x70),
};

function head(identifier: number): { readonly private: Buffer; readonly public: Buffer } {
  return {
    private: Buffer.from([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, identifier, 4, 0x22, 4, 0x20]),
    public: Buffer.from([0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, identifier, 3, 0x21, 0]),
  };
}

function expectKeyBytes(curve: Curve, raw: Uint8Array): void {
  if (raw.length !== keyBytes) throw new Error(`A raw ${curve} key has ${keyBytes} bytes, not ${raw.length}.`);
}
