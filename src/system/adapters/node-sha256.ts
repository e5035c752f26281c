import { createHash } from 'node:crypto';
import type { RunningSha256 } from '../ports.ts';

/** SHA-256 (FIPS 180-4) by OpenSSL, which uses the processor's own instructions for it. */
export function startNodeSha256(): RunningSha256 {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
}
