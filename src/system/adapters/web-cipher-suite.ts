import { type CiphersuiteImpl, getCiphersuiteFromName } from 'ts-mls/crypto/ciphersuite.js';
import { defaultCryptoProvider } from 'ts-mls/crypto/implementation/default/provider.js';

/**
 * MLS cipher suite 1 on WebCrypto, for browsers: ts-mls' own provider, but with secret signature keys as their raw 32
 * bytes, so that a device may move between providers.
 */
export async function createWebCipherSuite(): Promise<CiphersuiteImpl> {
  const suite = await defaultCryptoProvider.getCiphersuiteImpl(
    getCiphersuiteFromName('MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519'),
  );
  return {
    ...suite,
    signature: {
      ...suite.signature,
      keygen: async () => {
        const { publicKey, signKey } = await suite.signature.keygen();
        // PKCS #8 ends with the raw key (RFC 8410).
        return { publicKey, signKey: signKey.slice(-rawKeyBytes) };
      },
    },
  };
}

// ---

const rawKeyBytes = 32;
