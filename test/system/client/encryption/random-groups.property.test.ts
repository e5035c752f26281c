import fc from 'fast-check';
import { describe, it } from 'vitest';
import { createNodeCipherSuite } from '../../../../src/system/adapters/node-cipher-suite.ts';
import { createWebCipherSuite } from '../../../../src/system/adapters/web-cipher-suite.ts';
import { createMls } from '../../../../src/system/client/encryption/mls/mls.ts';
import { arbitrarySteps, play } from './group-world.ts';

const node = createMls(createNodeCipherSuite());
const web = createMls(await createWebCipherSuite());

describe('whatever people with ten devices do in a group, in the order of one log', () => {
  it.each([
    { name: 'mls on node:crypto', encryptions: [node], numRuns: 60 },
    { name: 'mls, devices on either provider', encryptions: [node, web], numRuns: 15 },
  ])(
    '$name: members agree, and a message is read by exactly the members of its epoch',
    async ({ encryptions, numRuns }) => {
      await fc.assert(
        fc.asyncProperty(arbitrarySteps, (steps) => play(encryptions, steps)),
        { numRuns },
      );
    },
  );
});
