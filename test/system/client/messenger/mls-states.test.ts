import { expect, it } from 'vitest';
import { createNodeCipherSuite } from '../../../../src/system/adapters/node-cipher-suite.ts';
import { encryptions } from '../../../../src/system/client/encryption/index.ts';
import { type Ledger, newLedger } from '../../../../src/system/client/messenger/mls/ledger.ts';
import { createStates } from '../../../../src/system/client/messenger/mls/states.ts';
import { newTurn } from '../../../../src/system/client/messenger/mls/turn.ts';
import type { BundleId, ConversationId, Seq } from '../../../../src/system/protocol/ids.ts';
import { createSeededRandom } from '../../../../src/system/seeded-random.ts';

const count = 1500;
const ids = Array.from({ length: count }, (_, i) => (i + 1) as ConversationId);

function ledgerAt(bundle: number): Ledger {
  const made = { members: [], admin: null, asOf: 1 as Seq, tentative: false };
  return newLedger({ ...made, bundle: bundle as BundleId });
}

it('states of keys that nobody has stored yet are what they were set to, however many others are in use', async () => {
  const disk = new Map<string, Uint8Array>();
  const encryption = encryptions.modelled({ suite: createNodeCipherSuite(), random: createSeededRandom(1) });
  const states = createStates(encryption, {
    get: async (name) => disk.get(name) ?? null,
    names: async () => [...disk.keys()],
  });
  for (const bundle of [1, 2]) {
    const turns = ids.map((id) => {
      const turn = newTurn();
      states.putLedger(turn, id, ledgerAt(bundle));
      return turn;
    });
    for (const id of ids) expect((await states.ledger(id))?.bundle).toBe(bundle);
    for (const { keys, stored } of turns) {
      for (const [name, bytes] of keys) disk.set(name, bytes!);
      stored();
    }
    for (const id of ids) expect((await states.ledger(id))?.bundle).toBe(bundle);
  }
  expect(ids.every(states.isEncrypted)).toBe(true);
});
