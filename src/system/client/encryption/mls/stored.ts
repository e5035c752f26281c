import { type ClientState, decodeGroupState, encodeGroupState } from 'ts-mls/clientState.js';
import { pack, unpack } from '../bytes.ts';
import type { Device, Group, KeyChange } from '../contract.ts';
import { identityBytes, readIdentity } from '../identity.ts';
import { groupOf, innerOf } from './group.ts';
import { config } from './settings.ts';

export function exportDevice({ identity, signatureKey, secretKey }: Device): Uint8Array {
  return pack(deviceKind, [identityBytes(identity), signatureKey, secretKey]);
}

export function importDevice(bytes: Uint8Array): Device {
  const [name, signatureKey, secretKey] = unpack(deviceKind, bytes, 3);
  const identity = readIdentity(name!);
  if (identity === null) throw new Error('The stored device has no readable identity.');
  return { identity, signatureKey: signatureKey!, secretKey: secretKey! };
}

export function exportGroup(group: Group): Uint8Array {
  const { state, pending } = innerOf(group);
  const waiting = pending === null ? [] : [encodeChange(pending.change), encodeGroupState(pending.state)];
  return pack(pending === null ? groupKind : waitingGroupKind, [encodeGroupState(state), ...waiting]);
}

export function importGroup(bytes: Uint8Array): Group {
  const kind = bytes.length < 2 ? 0 : (bytes[0]! << 8) | bytes[1]!;
  if (kind !== waitingGroupKind) return groupOf(decodeState(unpack(groupKind, bytes, 1)[0]!));
  const [state, change, next] = unpack(waitingGroupKind, bytes, 3);
  return groupOf(decodeState(state!), { change: decodeChange(change!), state: decodeState(next!) });
}

// ---

const deviceKind = 0x4456;
const groupKind = 0x4752;
const waitingGroupKind = 0x4757;

/** `bytes` are the state's own from now on: the keys in it are views of them. */
function decodeState(bytes: Uint8Array): ClientState {
  const decoded = decodeGroupState(bytes, 0);
  if (decoded === undefined || decoded[1] !== bytes.length) throw new Error('The stored group is damaged.');
  return { ...decoded[0], clientConfig: config };
}

function encodeChange(change: KeyChange): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(change));
}

function decodeChange(bytes: Uint8Array): KeyChange {
  return JSON.parse(new TextDecoder().decode(bytes)) as KeyChange;
}
