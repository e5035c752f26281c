import type { ClientState } from 'ts-mls/clientState.js';
import { createCommit, createGroupInfoWithExternalPub } from 'ts-mls/createCommit.js';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import type { Proposal } from 'ts-mls/proposal.js';
import type { Welcome } from 'ts-mls/welcome.js';
import type { Changed, ClaimedKeyPackage, Group, KeyChange, Step, WantedChange } from '../contract.ts';
import { type Engine, innerOf, type Pending, step } from './group.ts';
import { readClaimed } from './key-packages.ts';
import { expectDistinct, leavesOf } from './members.ts';
import { writeMessage, writeWithTree } from './wire.ts';

/**
 * Commits are public messages, which the server could read: they say who came and went, which it knows, and every member
 * of the epoch can tell them from forgeries. A private one would use up a key of the epoch for each lost race.
 */
export async function change(group: Group, wanted: WantedChange, { suite, lean }: Engine): Promise<Changed> {
  const { state } = innerOf(group);
  const extraProposals = [
    ...removeProposals(state, wanted.remove ?? []),
    ...(await addProposals(wanted.add ?? [], suite)),
  ];
  const made = await createCommit({ state, cipherSuite: suite }, { wireAsPublicMessage: true, extraProposals });
  expectDistinct(made.newState.ratchetTree);
  const next: ClientState = { ...lean(made.newState), historicalReceiverData: new Map() };
  const keyChange: KeyChange = {
    epoch: group.epoch,
    commit: writeMessage(made.commit as Parameters<typeof writeMessage>[0]),
    welcome: welcomeText(made.welcome, next),
    groupInfo: await describe(next, suite),
  };
  return { change: keyChange, ...step(group, state, { change: keyChange, state: next }) };
}

export function confirm(group: Group): Step {
  const { state, pending } = innerOf(group);
  if (pending === null) throw new Error(`Group ${group.id} has no change that waits for the server's word.`);
  return step(group, confirmedState(state, pending), null);
}

/** The state of the next epoch, with what is needed to read late messages of the former. */
export function confirmedState(state: ClientState, pending: Pending): ClientState {
  const former = {
    secretTree: state.secretTree,
    ratchetTree: state.ratchetTree,
    senderDataSecret: state.keySchedule.senderDataSecret,
    groupContext: state.groupContext,
    resumptionPsk: state.keySchedule.resumptionPsk,
  };
  return { ...pending.state, historicalReceiverData: new Map([[state.groupContext.epoch, former]]) };
}

export async function addProposals(claimed: readonly ClaimedKeyPackage[], suite: CiphersuiteImpl): Promise<Proposal[]> {
  const keyPackages = await Promise.all(claimed.map((each) => readClaimed(each, suite)));
  return keyPackages.map((keyPackage) => ({ proposalType: 'add', add: { keyPackage } }));
}

export function welcomeText(welcome: Welcome | undefined, { ratchetTree }: ClientState): string | null {
  return welcome === undefined ? null : writeWithTree({ wireformat: 'mls_welcome', welcome }, ratchetTree);
}

/** What lets a further device of a member come in by itself. */
export async function describe(state: ClientState, suite: CiphersuiteImpl): Promise<string> {
  const groupInfo = await createGroupInfoWithExternalPub(state, [], suite);
  return writeWithTree({ wireformat: 'mls_group_info', groupInfo }, state.ratchetTree);
}

// ---

function removeProposals(state: ClientState, targets: NonNullable<WantedChange['remove']>): Proposal[] {
  const own = state.privatePath.leafIndex;
  const places = new Set<number>();
  for (const target of targets) {
    const leaves = leavesOf(state.ratchetTree, target);
    const name = target.device === undefined ? target.user : `${target.user}/${target.device}`;
    if (leaves.length === 0) throw new Error(`${name} is not in the group: only members can be removed.`);
    if (leaves.includes(own))
      throw new Error(`${name} includes this device: it cannot remove itself; others do once it left.`);
    for (const leaf of leaves) places.add(leaf);
  }
  return [...places].map((removed) => ({ proposalType: 'remove', remove: { removed } }));
}
