import type { ClientState } from 'ts-mls/clientState.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import type { SecretTree } from 'ts-mls/secretTree.js';
import { toBase64url } from '../../../base64url.ts';
import { EncryptionProblem, type Group, type Trouble } from '../contract.ts';

/** Where a message or commit says that it belongs. */
export interface Place {
  readonly groupId: Uint8Array;
  readonly epoch: bigint;
}

/** What messages of one epoch are read with. */
export interface EpochKeys {
  readonly secretTree: SecretTree;
  readonly ratchetTree: RatchetTree;
}

/** Throws unless a message is of this group and epoch. */
export function expectNow(group: Group, { groupId, epoch }: Place): void {
  const id = toBase64url(groupId);
  if (id !== group.id) throw new EncryptionProblem('otherGroup', `It is of group ${id}, not of ${group.id}.`);
  if (epoch === BigInt(group.epoch)) return;
  const reason: Trouble = epoch < BigInt(group.epoch) ? 'pastEpoch' : 'futureEpoch';
  throw new EncryptionProblem(reason, `It is of epoch ${epoch}; the group is in epoch ${group.epoch}.`);
}

/** The keys of this epoch or of the one before. Throws when a message is of another, or of another group. */
export function expectKeys(group: Group, state: ClientState, { groupId, epoch }: Place): EpochKeys {
  const former = state.historicalReceiverData.get(epoch);
  expectNow(group, { groupId, epoch: former === undefined ? epoch : BigInt(group.epoch) });
  return former ?? state;
}
