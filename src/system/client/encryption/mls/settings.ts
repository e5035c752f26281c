import type { Capabilities } from 'ts-mls/capabilities.js';
import type { ClientConfig } from 'ts-mls/clientConfig.js';
import type { Credential } from 'ts-mls/credential.js';
import type { CiphersuiteName } from 'ts-mls/crypto/ciphersuite.js';
import type { Lifetime } from 'ts-mls/lifetime.js';
import { equalBytes } from '../bytes.ts';
import { readIdentity } from '../identity.ts';
import { paddedBytesMin } from '../sizes.ts';

export const suiteName: CiphersuiteName = 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519';

/** Exactly what we speak. The defaults of ts-mls list every suite and random extras, in each leaf of each tree. */
export const capabilities: Capabilities = {
  versions: ['mls10'],
  ciphersuites: [suiteName],
  extensions: [],
  proposals: [],
  credentials: ['basic'],
};

/** For ever: a device's clock may be wrong, and the server throws out what is old. */
export const lifetime: Lifetime = { notBefore: 0n, notAfter: 2n ** 63n - 1n };

export const config: ClientConfig = {
  keyRetentionConfig: {
    /** The server takes messages of this epoch and of the one before. */
    retainKeysForEpochs: 1,
    /** A message that the server refused for now may come after younger ones of its sender. */
    retainKeysForGenerations: 16,
    /** As many messages may have been given up on the way: a session's operations in flight. */
    maximumForwardRatchetSteps: 1024,
  },
  lifetimeConfig: { maximumTotalLifetime: lifetime.notAfter, validateLifetimeOnReceive: false },
  /** A device that lost its keys comes back with new ones: it is the identity that must be there once. */
  keyPackageEqualityConfig: {
    compareKeyPackages: (a, b) => sameCredential(a.leafNode.credential, b.leafNode.credential),
    compareKeyPackageToLeafNode: (a, b) => sameCredential(a.leafNode.credential, b.credential),
  },
  paddingConfig: { kind: 'padUntilLength', padUntilLength: paddedBytesMin },
  authService: {
    validateCredential: async (credential) =>
      credential.credentialType === 'basic' && readIdentity(credential.identity) !== null,
  },
};

// ---

function sameCredential(a: Credential, b: Credential): boolean {
  return a.credentialType === 'basic' && b.credentialType === 'basic' && equalBytes(a.identity, b.identity);
}
