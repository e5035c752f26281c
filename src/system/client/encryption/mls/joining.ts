import { createGroup, joinGroup } from 'ts-mls/clientState.js';
import { createCommit, joinGroupExternal } from 'ts-mls/createCommit.js';
import { emptyPskIndex } from 'ts-mls/pskIndex.js';
import { toBase64url } from '../../../base64url.ts';
import {
  type Changed,
  type ClaimedKeyPackage,
  type Device,
  EncryptionProblem,
  type FindPrivate,
  type Joined,
} from '../contract.ts';
import { groupIdBytes } from '../sizes.ts';
import { addProposals, describe, welcomeText } from './changes.ts';
import { type Engine, groupOf } from './group.ts';
import { newPair, readPrivatePart } from './key-packages.ts';
import { expectDistinct, leavesOf } from './members.ts';
import { overwrite, spentSecrets } from './secrets.ts';
import { config } from './settings.ts';
import { treeToJoin } from './trees.ts';
import { problemOf, readWithTree, writeMessage } from './wire.ts';

/** A group of one at epoch 0, and at once its first commit. */
export async function create(
  device: Device,
  claimed: readonly ClaimedKeyPackage[],
  { suite, lean }: Engine,
): Promise<Changed> {
  const { publicPackage, privatePackage } = await newPair(device, suite);
  const id = suite.rng.randomBytes(groupIdBytes);
  const alone = await createGroup(id, publicPackage, privatePackage, [], suite, config);
  const { newState, welcome } = await createCommit(
    { state: alone, cipherSuite: suite },
    {
      wireAsPublicMessage: true,
      extraProposals: await addProposals(claimed, suite),
    },
  );
  expectDistinct(newState.ratchetTree);
  const state = { ...lean(newState), historicalReceiverData: new Map() };
  return {
    group: groupOf(state),
    change: { epoch: 0, commit: null, welcome: welcomeText(welcome, state), groupInfo: await describe(state, suite) },
    wipe: () => overwrite([...spentSecrets([alone], [state]), privatePackage.initPrivateKey]),
  };
}

export async function join(
  device: Device,
  text: string,
  findPrivate: FindPrivate,
  { suite, lean }: Engine,
): Promise<Joined> {
  const {
    content: { welcome },
    tree,
  } = readWithTree(text, 'mls_welcome');
  if (welcome.cipherSuite !== suite.name) throw new EncryptionProblem('malformed', `It is not for ${suite.name}.`);
  const found = await firstKnown(
    welcome.secrets.map((secret) => toBase64url(secret.newMember)),
    findPrivate,
  );
  if (found === null) throw new EncryptionProblem('notForUs', 'The welcome is for key packages of others only.');
  const { publicPackage, privatePackage } = readPrivatePart(found.privatePart, device);
  try {
    const state = await joinGroup(
      welcome,
      publicPackage,
      privatePackage,
      emptyPskIndex,
      suite,
      treeToJoin(tree),
      undefined,
      config,
    );
    expectDistinct(state.ratchetTree);
    return {
      group: groupOf(lean(state)),
      usedKeyPackage: found.id,
      wipe: () => overwrite([privatePackage.initPrivateKey]),
    };
  } catch (error) {
    throw problemOf(error);
  }
}

export async function joinExternally(device: Device, text: string, { suite, lean }: Engine): Promise<Changed> {
  const {
    content: { groupInfo },
    tree,
  } = readWithTree(text, 'mls_group_info');
  const { publicPackage, privatePackage } = await newPair(device, suite);
  try {
    const former = leavesOf(tree, device.identity).length > 0;
    const { publicMessage, newState } = await joinGroupExternal(
      groupInfo,
      publicPackage,
      privatePackage,
      former,
      suite,
      treeToJoin(tree),
      config,
    );
    expectDistinct(newState.ratchetTree);
    return {
      group: groupOf(lean(newState)),
      change: {
        epoch: Number(groupInfo.groupContext.epoch),
        commit: writeMessage({ wireformat: 'mls_public_message', publicMessage }),
        welcome: null,
        groupInfo: await describe(newState, suite),
      },
      wipe: () => overwrite([privatePackage.initPrivateKey, privatePackage.hpkePrivateKey]),
    };
  } catch (error) {
    throw problemOf(error);
  }
}

// ---

async function firstKnown(
  ids: readonly string[],
  findPrivate: FindPrivate,
): Promise<{ readonly id: string; readonly privatePart: Uint8Array } | null> {
  for (const id of ids) {
    const privatePart = await findPrivate(id);
    if (privatePart !== null) return { id, privatePart };
  }
  return null;
}
