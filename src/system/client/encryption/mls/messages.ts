import { createApplicationMessage } from 'ts-mls/createMessage.js';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import { processPrivateMessage } from 'ts-mls/processMessages.js';
import { emptyPskIndex } from 'ts-mls/pskIndex.js';
import type { SecretTree } from 'ts-mls/secretTree.js';
import { type Decrypted, type Encrypted, EncryptionProblem, type Group, type Member } from '../contract.ts';
import { plaintextBytesMax } from '../sizes.ts';
import { type EpochKeys, expectKeys } from './epochs.ts';
import { innerOf, step } from './group.ts';
import { memberAt } from './members.ts';
import { problemOf, readMessage, writeMessage } from './wire.ts';

export async function encrypt(group: Group, plaintext: Uint8Array, suite: CiphersuiteImpl): Promise<Encrypted> {
  if (plaintext.length > plaintextBytesMax) {
    throw new Error(`A message of ${plaintext.length} bytes is too long: at most ${plaintextBytesMax} fit a payload.`);
  }
  const { state, pending } = innerOf(group);
  const { newState, privateMessage, consumed } = await createApplicationMessage(state, plaintext, suite);
  return {
    payload: writeMessage({ wireformat: 'mls_private_message', privateMessage }),
    ...step(group, newState, pending, consumed),
  };
}

export async function decrypt(group: Group, payload: string, suite: CiphersuiteImpl): Promise<Decrypted> {
  const { state, pending } = innerOf(group);
  try {
    const { privateMessage } = readMessage(payload, 'mls_private_message');
    if (privateMessage.contentType !== 'application') {
      throw new EncryptionProblem('notAllowed', 'It is no message of a user.');
    }
    const keysBefore = expectKeys(group, state, privateMessage);
    const result = await processPrivateMessage(state, privateMessage, emptyPskIndex, suite);
    if (result.kind !== 'applicationMessage') throw new EncryptionProblem('notAllowed', 'It is no message of a user.');
    const { newState, message, consumed } = result;
    const keysAfter = expectKeys(group, newState, privateMessage);
    return {
      kind: 'message',
      plaintext: message,
      sender: senderOf(keysBefore, keysAfter.secretTree),
      ...step(group, newState, pending, consumed),
    };
  } catch (error) {
    const { reason, message } = problemOf(error);
    return { kind: 'unreadable', reason, detail: message };
  }
}

// ---

/**
 * Who sent it: ts-mls checks the sender and does not say who it is, but replaces its ratchet, and no other, by the next.
 */
function senderOf({ secretTree, ratchetTree }: EpochKeys, after: SecretTree): Member {
  const node = after.findIndex((ratchets, at) => ratchets !== secretTree[at]);
  return memberAt(ratchetTree, node / 2);
}
