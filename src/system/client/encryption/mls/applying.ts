import type { ClientState } from 'ts-mls/clientState.js';
import type { Commit } from 'ts-mls/commit.js';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import type { IncomingMessageCallback } from 'ts-mls/incomingMessageAction.js';
import { unprotectPublicMessage } from 'ts-mls/messageProtectionPublic.js';
import { processPublicMessage } from 'ts-mls/processMessages.js';
import { emptyPskIndex } from 'ts-mls/pskIndex.js';
import type { PublicMessage } from 'ts-mls/publicMessage.js';
import { addLeafNode, removeLeafNode } from 'ts-mls/ratchetTree.js';
import { toLeafIndex } from 'ts-mls/treemath.js';
import { type Applied, EncryptionProblem, type Group, type Member, type Rule } from '../contract.ts';
import { nameOf, sameMember } from '../identity.ts';
import { type MembershipChange, violation } from '../rule.ts';
import { confirmedState } from './changes.ts';
import { expectNow } from './epochs.ts';
import { type Engine, innerOf, retire, statesOf, step } from './group.ts';
import { compareTrees, expectDistinct, memberAt, memberOf, membersOf } from './members.ts';
import { spentSecrets } from './secrets.ts';
import { problemOf, readMessage } from './wire.ts';

export async function apply(group: Group, text: string, rule: Rule, { suite, lean }: Engine): Promise<Applied> {
  const inner = innerOf(group);
  const { state, pending } = inner;
  try {
    const { publicMessage } = readMessage(text, 'mls_public_message');
    const own = pending !== null && pending.change.commit === text;
    if (!own) expectNow(group, publicMessage.content);
    const next = own ? confirmedState(state, pending) : await process(state, publicMessage, suite);
    const change = changeBetween(state, next, publicMessage);
    const wrong = violation(change, rule);
    if (wrong !== null) throw new EncryptionProblem('notAllowed', `${wrong}.`);
    const { by, added, removed } = change;
    if (next.groupActiveState.kind === 'removedFromGroup') {
      return { kind: 'removed', by, wipe: () => retire(group, spentSecrets(statesOf(inner), [])) };
    }
    return { kind: 'applied', by, added, removed, ...step(group, own ? next : lean(next), null) };
  } catch (error) {
    const { reason, message } = problemOf(error);
    return { kind: 'rejected', reason, detail: message };
  }
}

// ---

async function process(state: ClientState, message: PublicMessage, suite: CiphersuiteImpl): Promise<ClientState> {
  const { content } = message;
  if (content.contentType !== 'commit') throw new EncryptionProblem('notAllowed', 'It is no commit.');
  if (content.sender.senderType === 'new_member_commit' && removes(content.commit, state.privatePath.leafIndex)) {
    return replaced(state, message, content.commit, suite);
  }
  const { newState, actionTaken } = await processPublicMessage(state, message, emptyPskIndex, suite, onlyMembership);
  if (actionTaken === 'reject') {
    throw new EncryptionProblem('notAllowed', 'It does more than add and remove members and renew keys.');
  }
  expectDistinct(newState.ratchetTree);
  return newState;
}

/**
 * Another device comes in and takes one's own place. ts-mls would follow it into the next epoch, whose keys one cannot
 * have; all that can be checked is the signature.
 */
async function replaced(
  state: ClientState,
  message: PublicMessage,
  { path, proposals }: Commit,
  suite: CiphersuiteImpl,
): Promise<ClientState> {
  if (proposals.length !== 2) throw new EncryptionProblem('notAllowed', 'It does more than take one place anew.');
  const { keySchedule, groupContext, ratchetTree, privatePath } = state;
  await unprotectPublicMessage(keySchedule.membershipKey, groupContext, ratchetTree, message, suite);
  const without = removeLeafNode(ratchetTree, toLeafIndex(privatePath.leafIndex));
  const [tree] = addLeafNode(without, path!.leafNode);
  return { ...state, ratchetTree: tree, groupActiveState: { kind: 'removedFromGroup' } };
}

function removes({ proposals }: Commit, place: number): boolean {
  return proposals.some(
    (each) =>
      each.proposalOrRefType === 'proposal' &&
      each.proposal.proposalType === 'remove' &&
      each.proposal.remove.removed === place,
  );
}

/** Of all that MLS allows in a commit, what we use. Who may do it is judged by the outcome. */
const onlyMembership: IncomingMessageCallback = (incoming) => {
  if (incoming.kind !== 'commit') return 'reject';
  const kinds = incoming.proposals.map(({ proposal }) => proposal.proposalType);
  const external = incoming.senderLeafIndex === undefined;
  const allowed = external ? ['external_init', 'remove'] : ['add', 'remove'];
  const complete = !external || kinds.includes('external_init');
  return complete && kinds.every((kind) => allowed.includes(String(kind))) ? 'accept' : 'reject';
};

function changeBetween(state: ClientState, next: ClientState, { content }: PublicMessage): MembershipChange {
  const before = membersOf(state.ratchetTree);
  const compared = compareTrees(state.ratchetTree, next.ratchetTree);
  if (content.sender.senderType === 'member') {
    const by = memberAt(state.ratchetTree, content.sender.leafIndex);
    expectSame(by, memberAt(next.ratchetTree, content.sender.leafIndex));
    return { by, external: false, before, ...compared };
  }
  const path = content.contentType === 'commit' ? content.commit.path : undefined;
  if (content.sender.senderType !== 'new_member_commit' || path === undefined) {
    throw new EncryptionProblem('notAllowed', 'It is neither by a member nor by a device that comes in.');
  }
  return { by: memberOf(path.leafNode), external: true, before, ...compared };
}

/** A commit renews the committer's leaf: the name and the signature key that others compared must stay. */
function expectSame(before: Member, after: Member): void {
  if (sameMember(before, after)) return;
  throw new EncryptionProblem('notAllowed', `${nameOf(before.identity)} changed its name or signature key.`);
}
