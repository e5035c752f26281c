import { type Encryption, encryptions, type Random } from '../../system/index.ts';
import { createNodeCipherSuite } from '../../system/node.ts';
import type { Scenario } from '../scenario.ts';

/**
 * What the users of one crowd encrypt with; null when they do not. In virtual time what protocols draw is seeded; keys
 * that OpenSSL makes are not, but have the same sizes, which is all that a run shows of them.
 */
export function encryptionOf(
  { encryption }: Pick<Scenario, 'encryption'>,
  { random, isVirtual }: { readonly random: Random; readonly isVirtual: boolean },
): Encryption | null {
  if (encryption === 'none') return null;
  const own = random.fork('encryption');
  const real = createNodeCipherSuite();
  const suite = isVirtual ? { ...real, rng: { randomBytes: (length: number) => own.bytes(length) } } : real;
  return encryptions[encryption]({ suite, random: own });
}
