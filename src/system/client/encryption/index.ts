import type { Random } from '../../ports.ts';
import type { Encryption } from './contract.ts';
import { type CipherSuite, createMls } from './mls/mls.ts';
import { createModelled } from './modelled/modelled.ts';

/** What a client may use of encryption. */
export * from './contract.ts';
export type { CipherSuite } from './mls/mls.ts';

/** What encryptions are made of. */
export interface EncryptionWorld {
  /** Real cryptography: `createNodeCipherSuite` or `createWebCipherSuite`. */
  readonly suite: CipherSuite;
  /** Seeds what is modelled; of no use to what is real. */
  readonly random: Random;
}

/** Every encryption by its name. To add one: one folder, one line here. */
export const encryptions = {
  mls: ({ suite }: EncryptionWorld) => createMls(suite),
  modelled: ({ random }: EncryptionWorld) => createModelled(random),
} as const satisfies Record<string, (world: EncryptionWorld) => Encryption>;

export type EncryptionName = keyof typeof encryptions;
