import type { ClientState } from 'ts-mls/clientState.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import type { GenerationSecret, SecretTree, SecretTreeNode } from 'ts-mls/secretTree.js';
import { overwrite } from './secrets.ts';

/**
 * A fresh state with only what messages need: one ratchet for each member, and private keys of nodes that are there. ts-mls
 * also derives a ratchet for each inner node and one for private commits, which we never make: those are overwritten.
 */
export function lean(state: ClientState): ClientState {
  const { privatePath: path, ratchetTree } = state;
  const keys = Object.entries(path.privateKeys).filter(([node]) => ratchetTree[Number(node)] !== undefined);
  const privatePath = { ...path, privateKeys: Object.fromEntries(keys) };
  return { ...state, privatePath, secretTree: leanTree(state.secretTree, ratchetTree) };
}

/** The members' ratchets in order: generation, secret, and those kept for messages that were skipped. */
export function encodeRatchets(secretTree: SecretTree, ratchetTree: RatchetTree): Uint8Array {
  const ratchets = secretTree.filter((_, at) => isMember(ratchetTree, at)).map((node) => node.application);
  const skipped = ratchets.map((ratchet) => Object.entries(ratchet.unusedGenerations));
  const entries = skipped.reduce((sum, each) => sum + each.length, 0);
  const bytes = new Uint8Array(ratchets.length * (entryBytes + countBytes) + entries * entryBytes);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const put = (generation: number, secret: Uint8Array): void => {
    view.setUint32(at, generation);
    bytes.set(secret, at + generationBytes);
    at += entryBytes;
  };
  for (const [index, ratchet] of ratchets.entries()) {
    put(ratchet.generation, ratchet.secret);
    view.setUint16(at, skipped[index]!.length);
    at += countBytes;
    for (const [generation, secret] of skipped[index]!) put(Number(generation), secret);
  }
  return bytes;
}

/** Throws when the bytes do not fit the tree. The secrets are views of them. */
export function decodeRatchets(bytes: Uint8Array, ratchetTree: RatchetTree): SecretTree {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const get = (): { readonly generation: number; readonly secret: Uint8Array } => {
    const generation = view.getUint32(at);
    const secret = bytes.subarray(at + generationBytes, at + entryBytes);
    at += entryBytes;
    return { generation, secret };
  };
  const tree = ratchetTree.map((_, node) => {
    if (!isMember(ratchetTree, node)) return empty;
    const newest = get();
    const count = view.getUint16(at);
    at += countBytes;
    const unused = Array.from({ length: count }, get).map(({ generation, secret }) => [generation, secret] as const);
    return { application: { ...newest, unusedGenerations: Object.fromEntries(unused) }, handshake: nothing };
  });
  if (at !== bytes.length) throw new Error('The stored group is damaged: its keys do not fit its members.');
  return tree;
}

// ---

const secretBytes = 32;
const generationBytes = 4;
const countBytes = 2;
const entryBytes = generationBytes + secretBytes;

const nothing: GenerationSecret = { secret: new Uint8Array(), generation: 0, unusedGenerations: {} };

/** Stands where no ratchet is needed; shared, for a tree has more such places than members. */
export const empty: SecretTreeNode = { application: nothing, handshake: nothing };

function leanTree(secretTree: SecretTree, ratchetTree: RatchetTree): SecretTree {
  return secretTree.map(({ application, handshake }, at) => {
    overwrite([handshake.secret]);
    if (isMember(ratchetTree, at)) return { application, handshake: nothing };
    overwrite([application.secret]);
    return empty;
  });
}

function isMember(ratchetTree: RatchetTree, node: number): boolean {
  return ratchetTree[node]?.nodeType === 'leaf';
}
