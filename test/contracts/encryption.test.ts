import { createNodeCipherSuite } from '../../src/system/adapters/node-cipher-suite.ts';
import { createWebCipherSuite } from '../../src/system/adapters/web-cipher-suite.ts';
import { createMls } from '../../src/system/client/encryption/mls/mls.ts';
import { encryptionContract } from './encryption.ts';

encryptionContract('mls on node:crypto', { make: async () => createMls(createNodeCipherSuite()) });
encryptionContract('mls on WebCrypto', { make: async () => createMls(await createWebCipherSuite()) });

let made = 0;
encryptionContract('mls, devices on either', {
  make: async () => createMls(made++ % 2 === 0 ? createNodeCipherSuite() : await createWebCipherSuite()),
});
