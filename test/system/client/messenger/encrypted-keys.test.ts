/** What devices do about keys: make, renew, keep, wipe and compare them. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createNodeCipherSuite } from '../../../../src/system/adapters/node-cipher-suite.ts';
import { type Encryption, encryptions, type Step } from '../../../../src/system/client/encryption/index.ts';
import { createMlsSealing } from '../../../../src/system/client/messenger/mls/mls-sealing.ts';
import type { MessageEntry } from '../../../../src/system/protocol/frames.ts';
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

function keyNames(device: Device, prefix: string): string[] {
  return [...device.disk.keys.keys()].filter((name) => name.startsWith(prefix));
}

async function packagesOf(device: Device): Promise<number> {
  const token = device.disk.account!.token!;
  const request = { method: 'GET', path: '/v1/key-packages', token, body: '', remote: '10.0.0.1' } as const;
  return (JSON.parse((await rig.chat.servers[0]!.http(request)).body) as { left: number }).left;
}

describe('key packages', () => {
  it('are there when a device has been online, and are renewed when few are left', async () => {
    await begin();
    expect(await packagesOf(bob)).toBe(20);
    const privates = () => keyNames(bob, 'mls/package/').length;
    expect(privates()).toBe(21);
    for (let i = 0; i < 11; i++) await group('bob');
    await rig.settle(3000);
    expect(await packagesOf(bob)).toBe(9);
    expect(privates()).toBe(10);
    for (let i = 0; i < 2; i++) await group('bob');
    await rig.settle(3000);
    expect(await packagesOf(bob)).toBeGreaterThanOrEqual(18);
  });

  it('are not asked for at each of many connections', async () => {
    await begin();
    let asked = 0;
    bob.asks = ({ path }) => void (path === '/v1/key-packages' && asked++);
    for (let i = 0; i < 5; i++) {
      bob.cut();
      await rig.settle(20_000);
    }
    expect(asked).toBe(0);
    bob.cut();
    await rig.settle(3_600_000);
    bob.cut();
    await rig.settle(20_000);
    expect(asked).toBe(1);
  });

  it('that may have been uploaded are not uploaded again', async () => {
    await begin();
    const seen = new Set<string>();
    const repeated: string[] = [];
    const cyd = rig.device();
    let failures = 2;
    cyd.asks = ({ method, path, body }) => {
      if (method !== 'POST' || path !== '/v1/key-packages') return;
      for (const { package: one } of (JSON.parse(body) as { packages: { package: string }[] }).packages) {
        if (seen.has(one)) repeated.push(one);
        seen.add(one);
      }
      if (failures-- > 0) throw new Error('the answer was lost');
    };
    const messenger = await cyd.boot();
    const signed = messenger.signUp({ name: 'cyd', password: 'correct horse' });
    await rig.settle();
    await signed;
    messenger.start();
    await rig.settle(20_000);
    expect(repeated).toEqual([]);
    expect(seen.size).toBe(60);
    expect(await packagesOf(cyd)).toBe(20);
    const room = await group('cyd');
    await say(rig, ada, { room, text: 'hello' });
    expect(await textsOf(cyd, room)).toEqual(['hello']);
  });

  it('run out: the one of last resort serves as often as need be', async () => {
    await begin();
    bob.messenger.stop();
    const rooms: ConversationId[] = [];
    for (let i = 0; i < 23; i++) rooms.push(await group('bob'));
    for (const room of rooms) ada.messenger.send(room, `in ${room}`);
    await rig.settle(5000);
    bob.messenger.start();
    await rig.settle(20_000);
    for (const room of rooms) expect(await textsOf(bob, room)).toEqual([`in ${room}`]);
    expect(await packagesOf(bob)).toBe(20);
  });
});

describe('more conversations than are held in memory', () => {
  it('are all read at once by who returns, each in its order', async () => {
    await begin();
    const rooms: ConversationId[] = [];
    for (let i = 0; i < 100; i++) ada.messenger.createGroup('tea', ['bob']);
    // Uploads of keys are limited to so many a minute.
    await rig.settle(120_000);
    for (const { id } of ada.messenger.conversations()) rooms.push(id);
    expect(rooms).toHaveLength(100);
    bob.messenger.stop();
    await rig.chat.signIn('cyd');
    for (const room of rooms) {
      ada.messenger.send(room, 'one');
      ada.messenger.invite(room, ['cyd']);
      for (const text of ['two', 'three']) ada.messenger.send(room, text);
    }
    await rig.settle(120_000);
    bob.messenger.start();
    await rig.settle(20_000);
    for (const room of rooms) expect(await textsOf(bob, room)).toEqual(['one', 'two', 'three']);
    for (const room of rooms) bob.messenger.send(room, 'four');
    await rig.settle(20_000);
    for (const room of rooms) expect((await textsOf(ada, room)).at(-1)).toBe('four');
    expect([...rig.chat.store.entries()].filter(({ type }) => type === 'membership')).toHaveLength(200);
  });
});

describe('former states of keys', () => {
  it('are wiped, each once the next one is stored', async () => {
    const open = new Set<Step>();
    let steps = 0;
    const watch = <S extends Step>(step: S): S => {
      steps++;
      const watched: S = {
        ...step,
        wipe: () => {
          open.delete(watched);
          step.wipe();
        },
      };
      open.add(watched);
      return watched;
    };
    const real = encryptions.mls({ suite: createNodeCipherSuite(), random: createSeededRandom(1) });
    const watched: Encryption = {
      ...real,
      encrypt: async (...asked) => watch(await real.encrypt(...asked)),
      change: async (...asked) => watch(await real.change(...asked)),
      create: async (...asked) => watch(await real.create(...asked)),
      join: async (...asked) => watch(await real.join(...asked)),
      joinExternally: async (...asked) => watch(await real.joinExternally(...asked)),
      confirm: (...asked) => watch(real.confirm(...asked)),
      async decrypt(...asked) {
        const decrypted = await real.decrypt(...asked);
        return decrypted.kind === 'message' ? watch(decrypted) : decrypted;
      },
      async apply(...asked) {
        const applied = await real.apply(...asked);
        return applied.kind === 'applied' ? watch(applied) : applied;
      },
    };
    rig = await createMessengerRig({ sealing: createMlsSealing(watched) });
    [ada, bob] = [await rig.online('ada'), await rig.online('bob')];
    const room = await group('bob');
    await say(rig, ada, { room, text: 'hello' });
    await rig.online('bob');
    await rig.settle(2000);
    bob.diskMs = 5000;
    await say(rig, ada, { room, text: 'slowly' });
    expect(open.size).toBe(1);
    await rig.settle(10_000);
    expect(open.size).toBe(0);
    expect(steps).toBeGreaterThan(8);
  });
});

describe('a safety code', () => {
  beforeEach(() => begin('mls'));

  it('is the same on both sides, and another one when a device joins', async () => {
    const { conversation: room } = await placeOf(rig, ada.messenger.openDirect('bob'));
    const codes = async () => [await ada.messenger.safetyCode(room), await bob.messenger.safetyCode(room)];
    const [first, same] = await codes();
    expect(first).toMatch(/^(\d{5} ){11}\d{5}$/);
    expect(same).toBe(first);
    await rig.online('bob');
    await rig.settle(2000);
    const [second, again] = await codes();
    expect(again).toBe(second);
    expect(second).not.toBe(first);
  });

  it('is asked for by name in a group, and is null for whom it has no keys', async () => {
    const room = await group('bob');
    expect(await ada.messenger.safetyCode(room, 'bob')).toBe(await bob.messenger.safetyCode(room, 'ada'));
    expect(await ada.messenger.safetyCode(room, 'cyd')).toBeNull();
    await expect(ada.messenger.safetyCode(room)).rejects.toThrow('is a group; name the member with whom to compare.');
  });
});

describe('what the servers keep of a conversation', () => {
  it('holds none of its words', async () => {
    await begin('mls');
    const room = await group('bob');
    await say(rig, ada, { room, text: 'meet me at the old bridge' });
    const message = [...rig.chat.store.entries()].find((entry): entry is MessageEntry => entry.type === 'message')!;
    expect(message.epoch).toBe(1);
    expect(Buffer.from(message.payload, 'base64url').toString('latin1')).not.toContain('bridge');
    expect(await textsOf(bob, room)).toEqual(['meet me at the old bridge']);
  });
});
