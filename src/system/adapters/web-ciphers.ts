import type { Aead, AeadBox, Ciphers } from '../client/images/ciphers.ts';
import { startWebSha256 } from './web-sha256.ts';

/** Image encryption by WebCrypto, for browsers. */
export function createWebCiphers(subtle: Subtle = globalThis.crypto.subtle): Ciphers {
  return { aead: (key) => createAead(subtle, key), startSha256: startWebSha256 };
}

// ---

type Subtle = typeof globalThis.crypto.subtle;

const name = 'AES-GCM';

function createAead(subtle: Subtle, key: Uint8Array): Aead {
  const imported = subtle.importKey('raw', own(key), name, false, ['encrypt', 'decrypt']);
  const parameters = ({ nonce, bound }: AeadBox) => ({ name, iv: own(nonce), additionalData: own(bound) });
  return {
    seal: async (box) => new Uint8Array(await subtle.encrypt(parameters(box), await imported, own(box.data))),
    open: async (box) => {
      try {
        return new Uint8Array(await subtle.decrypt(parameters(box), await imported, own(box.data)));
      } catch (error) {
        // This is how it says that the tag does not fit; anything else is a defect.
        if (error instanceof Error && error.name === 'OperationError') return null;
        throw error;
      }
    },
  };
}

/** WebCrypto takes no memory that threads share; the bytes of images never are. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
