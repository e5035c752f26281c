import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Aead, Ciphers } from '../client/images/ciphers.ts';
import { startNodeSha256 } from './node-sha256.ts';

/** Image encryption by OpenSSL. */
export function createNodeCiphers(): Ciphers {
  return { aead: createAead, startSha256: startNodeSha256 };
}

// ---

const algorithm = 'aes-256-gcm';
const tagBytes = 16;

function createAead(key: Uint8Array): Aead {
  return {
    seal: async ({ nonce, bound, data }) => {
      const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes }).setAAD(bound);
      return Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]);
    },
    open: async ({ nonce, bound, data }) => {
      if (data.length < tagBytes) return null;
      const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
        .setAAD(bound)
        .setAuthTag(data.subarray(-tagBytes));
      const opened = decipher.update(data.subarray(0, -tagBytes));
      try {
        decipher.final();
        return opened;
      } catch {
        return null;
      }
    },
  };
}
