import type { Secrets } from '../../../system/index.ts';
import { startNodeSha256 } from '../../../system/node.ts';
import { costs } from './costs.ts';
import type { VirtualProcess } from './virtual-process.ts';

/** Cheap and deterministic: the same on every run, and no secret at all. A password costs the core a fixed time. */
export function createVirtualSecrets(process: VirtualProcess): Secrets {
  const afterWork = <T>(value: T): Promise<T> =>
    new Promise((resolve) => process.execute(costs.password, () => resolve(value)));
  return {
    hashPassword: (password) => afterWork(`virtual:${password}`),
    verifyPassword: (password, hash) => afterWork(hash === `virtual:${password}`),
    digestToken: (token) => `digest:${token}`,
    startSha256: startNodeSha256,
  };
}
