import type { ClientState } from 'ts-mls/clientState.js';
import type { GenerationSecret, SecretTree } from 'ts-mls/secretTree.js';
import type { Random } from '../../../ports.ts';
import { type Decrypted, type Encrypted, type Encryption, EncryptionProblem, type Group } from '../contract.ts';
import { expectKeys } from '../mls/epochs.ts';
import { innerOf, step } from '../mls/group.ts';
import { memberAt } from '../mls/members.ts';
import { createOn } from '../mls/mls.ts';
import { empty } from '../mls/ratchets.ts';
import { config } from '../mls/settings.ts';
import { problemOf } from '../mls/wire.ts';
import { plaintextBytesMax } from '../sizes.ts';
import { createSharing } from './lean.ts';
import { readPayload, writePayload } from './payload.ts';
import { createModelledSuite } from './suite.ts';

/**
 * What MLS sends, in size and in number, without its cryptography: for runs that measure the servers, which see only
 * bytes. Groups and their changes are made by the same code on a cipher suite that keeps nothing secret; messages, of which
 * there are most, are written straight. Epochs, members and the rule hold as in the real one.
 */
export function createModelled(random: Random): Encryption {
  const modelled = createOn({ suite: createModelledSuite(random), lean: createSharing() });
  return {
    ...modelled,
    name: 'modelled',
    encrypt: async (group, plaintext) => encrypt(group, plaintext, random),
    decrypt: async (group, payload) => decrypt(group, payload),
  };
}

// ---

const { retainKeysForGenerations, maximumForwardRatchetSteps } = config.keyRetentionConfig;

function encrypt(group: Group, plaintext: Uint8Array, random: Random): Encrypted {
  if (plaintext.length > plaintextBytesMax) {
    throw new Error(`A message of ${plaintext.length} bytes is too long: at most ${plaintextBytesMax} fit a payload.`);
  }
  const { state, pending } = innerOf(group);
  const sender = state.privatePath.leafIndex;
  const { generation } = ratchetAt(state.secretTree, sender);
  const { groupId, epoch } = state.groupContext;
  const seed = { low: drawn(random), high: drawn(random) };
  const secretTree = replaced(state.secretTree, sender, { ...empty.application, generation: generation + 1 });
  return {
    payload: writePayload({ groupId, epoch, sender, generation, plaintext }, seed),
    ...step(group, { ...state, secretTree }, pending, []),
  };
}

function decrypt(group: Group, payload: string): Decrypted {
  const { state, pending } = innerOf(group);
  try {
    const message = readPayload(payload);
    const { secretTree, ratchetTree } = expectKeys(group, state, message);
    const sender = memberAt(ratchetTree, message.sender);
    const ratchet = heard(ratchetAt(secretTree, message.sender), message.generation);
    const next = withTree(state, message.epoch, replaced(secretTree, message.sender, ratchet));
    return { kind: 'message', plaintext: message.plaintext, sender, ...step(group, next, pending, []) };
  } catch (error) {
    const { reason, message } = problemOf(error);
    return { kind: 'unreadable', reason, detail: message };
  }
}

/** The ratchet after a message; those that were skipped are remembered, as in the real one. Throws for a repeated one. */
function heard(ratchet: GenerationSecret, generation: number): GenerationSecret {
  const { [generation]: skipped, ...others } = ratchet.unusedGenerations;
  if (skipped !== undefined) return { ...ratchet, unusedGenerations: others };
  if (generation < ratchet.generation || generation > ratchet.generation + maximumForwardRatchetSteps) {
    throw new EncryptionProblem('forged', `Message ${generation} of this sender was read before or is too far ahead.`);
  }
  if (generation === ratchet.generation) return { ...ratchet, generation: generation + 1 };
  const unused = Object.entries(ratchet.unusedGenerations);
  for (let missed = ratchet.generation; missed < generation; missed++)
    unused.push([String(missed), empty.application.secret]);
  const kept = Object.fromEntries(unused.slice(-retainKeysForGenerations));
  return { ...ratchet, generation: generation + 1, unusedGenerations: kept };
}

function ratchetAt(tree: SecretTree, place: number): GenerationSecret {
  return (tree[place * 2] ?? empty).application;
}

function replaced(tree: SecretTree, place: number, application: GenerationSecret): SecretTree {
  return tree.with(place * 2, { ...empty, application });
}

function withTree(state: ClientState, epoch: bigint, secretTree: SecretTree): ClientState {
  const former = state.historicalReceiverData.get(epoch);
  if (former === undefined) return { ...state, secretTree };
  return { ...state, historicalReceiverData: new Map([[epoch, { ...former, secretTree }]]) };
}

function drawn(random: Random): number {
  return Math.floor(random.next() * 2 ** 32) | 0;
}
