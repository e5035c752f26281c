/** What devices do about keys while the network fails and processes end. */
import { describe, expect, it } from 'vitest';
import { createNodeCipherSuite } from '../../../../src/system/adapters/node-cipher-suite.ts';
import { encryptions } from '../../../../src/system/client/encryption/index.ts';
import { uploadKeyPackages } from '../../../../src/system/client/keys.ts';
import type { MembershipEntry } from '../../../../src/system/protocol/frames.ts';
import type { ConversationId } from '../../../../src/system/protocol/ids.ts';
import { createSeededRandom } from '../../../../src/system/seeded-random.ts';
import {
  createMessengerRig,
  type Device,
  type MessengerRig,
  placeOf,
  say,
  textsOf,
} from '../../../helpers/messenger-rig.ts';
import { rigTransport } from '../../../helpers/rig-transport.ts';

let rig: MessengerRig;
let ada: Device;
let bob: Device;

async function begin(encryption: 'mls' | 'modelled' = 'modelled'): Promise<void> {
  rig = await createMessengerRig({ encryption });
  [ada, bob] = [await rig.online('ada'), await rig.online('bob')];
}

async function group(...users: readonly string[]): Promise<ConversationId> {
  return (await placeOf(rig, ada.messenger.createGroup('tea', users))).conversation;
}

async function reasonOf(device: Device, room: ConversationId, seq: number): Promise<unknown> {
  return (await device.messenger.history({ conversation: room, limit: 500 })).find((item) => item.seq === seq)?.content;
}

describe('a network that fails', () => {
  it('while keys are made holds the operation up, and no other', async () => {
    await begin();
    const { conversation: room } = await placeOf(rig, ada.messenger.openDirect('bob'));
    let isDown = true;
    ada.asks = () => {
      if (isDown) throw new Error('down');
    };
    const made = ada.messenger.createGroup('tea', ['bob']);
    await say(rig, ada, { room, text: 'meanwhile' });
    expect(ada.messenger.waiting()).toMatchObject([{ id: made.id, state: { kind: 'queued' } }]);
    isDown = false;
    await rig.settle(20_000);
    expect(await made.outcome).toMatchObject({ kind: 'sent' });
    expect(await textsOf(bob, room)).toEqual(['meanwhile']);
  });

  it('while a welcome is fetched loses nothing, also when the messenger is stopped, closed or killed meanwhile', async () => {
    for (const end of ['stop', 'close', 'crash'] as const) {
      await begin();
      bob.asks = ({ path }) => {
        if (path.startsWith('/v1/key-bundles')) throw new Error('down');
      };
      const room = await group('bob');
      await say(rig, ada, { room, text: 'one' });
      await rig.settle(3000);
      if (end === 'crash') bob.crash();
      else {
        const ended = bob.messenger[end]();
        await rig.settle();
        await ended;
      }
      bob.asks = () => {};
      await say(rig, ada, { room, text: 'two' });
      const messenger = end === 'stop' ? bob.messenger : await bob.boot();
      messenger.start();
      await rig.settle(20_000);
      expect(await textsOf(bob, room)).toEqual(['one', 'two']);
      expect(bob.messenger.conversation(room)?.unread).toBe(2);
      expect([...rig.chat.store.entries()].filter(({ sender }) => sender === 'bob')).toEqual([]);
      expect(rig.errors).toEqual([]);
    }
  });

  it('a user who does not exist is named in the failure', async () => {
    await begin();
    const asked = ada.messenger.createGroup('tea', ['bob', 'bobb']);
    await rig.settle();
    expect(await asked.outcome).toEqual({ kind: 'failed', code: 'unknownUser', reason: 'There is no user bobb.' });
    const room = await group('bob');
    const again = ada.messenger.invite(room, ['Bob']);
    await rig.settle();
    expect(await again.outcome).toMatchObject({ kind: 'failed', code: 'alreadyMember' });
  });
});

describe('a change of keys that is too long for a frame', () => {
  it('comes in the bundle, and is waited for across a stop', async () => {
    await begin();
    const modelled = encryptions.modelled({ suite: createNodeCipherSuite(), random: createSeededRandom(3) });
    const names = Array.from({ length: 180 }, (_, i) => `guest${i}`);
    for (const user of names) {
      const { token } = await rig.chat.signIn(user, 'phone');
      const { lastResort } = await modelled.makeKeyPackages(await modelled.newDevice({ user, device: 'phone' }), 0);
      const lastResortPackage = { package: lastResort.keyPackage };
      await uploadKeyPackages(rigTransport(rig.chat), { token, packages: [], lastResort: lastResortPackage });
    }
    const room = await group('bob');
    bob.asks = ({ path }) => {
      if (path.startsWith('/v1/key-bundles')) throw new Error('down');
    };
    const { seq } = await placeOf(rig, ada.messenger.invite(room, names));
    bob.messenger.stop();
    await rig.settle();
    bob.asks = () => {};
    bob.messenger.start();
    await rig.settle(5000);
    expect(await reasonOf(bob, room, seq)).not.toHaveProperty('doubt');
    const entry = [...rig.chat.store.entries()].find((one) => one.seq === seq) as MembershipEntry;
    expect(entry.keys!.commit === null && entry.keys!.bundle !== null).toBe(true);
    await say(rig, ada, { room, text: 'welcome' });
    await say(rig, bob, { room, text: 'to all' });
    for (const device of [ada, bob]) expect(await textsOf(device, room)).toEqual(['welcome', 'to all']);
    expect(bob.messenger.conversation(room)?.members).toHaveLength(182);
  });
});
