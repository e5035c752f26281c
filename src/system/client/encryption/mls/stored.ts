import type { ClientState } from 'ts-mls/clientState.js';
import type { Decoder } from 'ts-mls/codec/tlsDecoder.js';
import { encode } from 'ts-mls/codec/tlsEncoder.js';
import type { EpochReceiverData } from 'ts-mls/epochReceiverData.js';
import { decodeGroupContext, encodeGroupContext } from 'ts-mls/groupContext.js';
import { decodeKeySchedule, encodeKeySchedule } from 'ts-mls/keySchedule.js';
import { decodePrivateKeyPath, privateKeyPathEncoder } from 'ts-mls/privateKeyPath.js';
import { decodeRatchetTree, encodeRatchetTree, type RatchetTree } from 'ts-mls/ratchetTree.js';
import { pack, unpack } from '../bytes.ts';
import type { Device, Group, KeyChange } from '../contract.ts';
import { identityBytes, readIdentity } from '../identity.ts';
import { groupOf, innerOf } from './group.ts';
import { decodeRatchets, encodeRatchets } from './ratchets.ts';
import { config } from './settings.ts';

export function exportDevice({ identity, signatureKey, secretKey }: Device): Uint8Array {
  return pack(deviceKind, [identityBytes(identity), signatureKey, secretKey]);
}

export function importDevice(bytes: Uint8Array): Device {
  const [name, signatureKey, secretKey] = unpack(deviceKind, bytes.slice(), 3);
  const identity = readIdentity(name!);
  if (identity === null) throw new Error('The stored device has no readable identity.');
  return { identity, signatureKey: signatureKey!, secretKey: secretKey! };
}

export function exportGroup(group: Group): Uint8Array {
  const { state, pending } = innerOf(group);
  const waiting = pending === null ? [none, none] : [encodeChange(pending.change), encodeState(pending.state)];
  return pack(groupKind, [encodeState(state), ...waiting]);
}

/** The group's keys are views of one copy of the bytes, so that wiping leaves no other. */
export function importGroup(bytes: Uint8Array): Group {
  const [state, change, next] = unpack(groupKind, bytes.slice(), 3);
  const waiting = change!.length === 0 ? null : { change: decodeChange(change!), state: decodeState(next!) };
  return groupOf(decodeState(state!), waiting);
}

// ---

const deviceKind = 0x4456;
const groupKind = 0x4752;
const stateKind = 0x5354;
const formerKind = 0x464f;
const none = new Uint8Array();

/** Own writing rather than that of ts-mls, whose trees of secrets take longer to write than a message to encrypt. */
function encodeState(state: ClientState): Uint8Array {
  const former = [...state.historicalReceiverData.values()].at(-1);
  return pack(stateKind, [
    encodeGroupContext(state.groupContext),
    encodeTree(state.ratchetTree),
    encodeRatchets(state.secretTree, state.ratchetTree),
    encodeKeySchedule(state.keySchedule),
    encode(privateKeyPathEncoder)(state.privatePath),
    state.signaturePrivateKey,
    state.confirmationTag,
    former === undefined ? none : encodeFormer(former),
  ]);
}

function decodeState(bytes: Uint8Array): ClientState {
  const parts = unpack(stateKind, bytes, 8);
  const ratchetTree = whole(decodeRatchetTree, parts[1]!);
  const former = parts[7]!.length === 0 ? null : decodeFormer(parts[7]!);
  return {
    groupContext: whole(decodeGroupContext, parts[0]!),
    ratchetTree,
    secretTree: decodeRatchets(parts[2]!, ratchetTree),
    keySchedule: whole(decodeKeySchedule, parts[3]!),
    privatePath: whole(decodePrivateKeyPath, parts[4]!),
    signaturePrivateKey: parts[5]!,
    confirmationTag: parts[6]!,
    historicalReceiverData: new Map(former === null ? [] : [[former.groupContext.epoch, former]]),
    unappliedProposals: {},
    groupActiveState: { kind: 'active' },
    clientConfig: config,
  };
}

function encodeFormer(former: EpochReceiverData): Uint8Array {
  return pack(formerKind, [
    encodeGroupContext(former.groupContext),
    encodeTree(former.ratchetTree),
    encodeRatchets(former.secretTree, former.ratchetTree),
    former.senderDataSecret,
    former.resumptionPsk,
  ]);
}

function decodeFormer(bytes: Uint8Array): EpochReceiverData {
  const [context, tree, ratchets, senderDataSecret, resumptionPsk] = unpack(formerKind, bytes, 5);
  const ratchetTree = whole(decodeRatchetTree, tree!);
  return {
    groupContext: whole(decodeGroupContext, context!),
    ratchetTree,
    secretTree: decodeRatchets(ratchets!, ratchetTree),
    senderDataSecret: senderDataSecret!,
    resumptionPsk: resumptionPsk!,
  };
}

/** A tree is public and stays through an epoch, so it is written once. */
const encodedTrees = new WeakMap<RatchetTree, Uint8Array>();

function encodeTree(tree: RatchetTree): Uint8Array {
  const known = encodedTrees.get(tree);
  if (known !== undefined) return known;
  const made = encodeRatchetTree(tree);
  encodedTrees.set(tree, made);
  return made;
}

function whole<Value>(decode: Decoder<Value>, bytes: Uint8Array): Value {
  const decoded = decode(bytes, 0);
  if (decoded === undefined || decoded[1] !== bytes.length) throw new Error('The stored group is damaged.');
  return decoded[0];
}

function encodeChange(change: KeyChange): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(change));
}

function decodeChange(bytes: Uint8Array): KeyChange {
  return JSON.parse(new TextDecoder().decode(bytes)) as KeyChange;
}
