import { createNodeCipherSuite } from '../../src/system/adapters/node-cipher-suite.ts';
import { createWebCipherSuite } from '../../src/system/adapters/web-cipher-suite.ts';
import { encryptions } from '../../src/system/client/encryption/index.ts';
import { createMls } from '../../src/system/client/encryption/mls/mls.ts';
import { createSeededRandom } from '../../src/system/seeded-random.ts';
import { encryptionContract } from './encryption.ts';

const world = { suite: createNodeCipherSuite(), random: createSeededRandom(1) };
for (const [name, create] of Object.entries(encryptions)) encryptionContract(name, { make: async () => create(world) });

const web = createMls(await createWebCipherSuite());
encryptionContract('mls on WebCrypto', { make: async () => web });

let made = 0;
const either = [encryptions.mls(world), web];
encryptionContract('mls, devices on either', { make: async () => either[made++ % 2]! });
