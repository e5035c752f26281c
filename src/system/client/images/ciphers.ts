import type { RunningSha256 } from '../../ports.ts';

/** What image encryption asks of the world. Implementations: node:crypto and WebCrypto; both read what the other wrote. */
export interface Ciphers {
  /** AES-256-GCM under one key of 32 bytes. */
  aead(key: Uint8Array): Aead;
  startSha256(): RunningSha256;
}

/** An AEAD under one key (RFC 5116): nonces of 12 bytes, never one twice; tags of 16 bytes behind the ciphertext. */
export interface Aead {
  seal(box: AeadBox): Promise<Uint8Array>;
  /** Null when this was not sealed under the same key, nonce and `bound`. */
  open(box: AeadBox): Promise<Uint8Array | null>;
}

export interface AeadBox {
  readonly nonce: Uint8Array;
  /** Not in the ciphertext, and yet part of what is authenticated. */
  readonly bound: Uint8Array;
  readonly data: Uint8Array;
}
