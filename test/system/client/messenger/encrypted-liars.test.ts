/** Servers and members that lie about who wrote, who came and who went. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createNodeCipherSuite } from '../../../../src/system/adapters/node-cipher-suite.ts';
import { encryptions } from '../../../../src/system/client/encryption/index.ts';
import { claimKeyPackages, uploadKeyBundle } from '../../../../src/system/client/keys.ts';
import type { Content } from '../../../../src/system/client/messenger/content.ts';
import type { MembershipEntry, MessageEntry, ServerFrame } from '../../../../src/system/protocol/frames.ts';
import type { ConversationId, DeviceId, UserName } from '../../../../src/system/protocol/ids.ts';
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
let cyd: Device;
let room: ConversationId;

beforeEach(async () => {
  rig = await createMessengerRig({ encryption: 'mls' });
  [ada, bob, cyd] = [await rig.online('ada'), await rig.online('bob'), await rig.online('cyd')];
  ({ conversation: room } = await placeOf(rig, ada.messenger.createGroup('tea', ['bob', 'cyd'])));
});

/** What the device is told instead of the next entry of this kind. */
function lie<T extends 'message' | 'membership'>(
  device: Device,
  type: T,
  change: Partial<Extract<ServerFrame, { type: T }>>,
): void {
  let done = false;
  device.lets = (frame) => {
    if (done || frame.type !== type) return true;
    done = true;
    return { ...frame, ...change } as ServerFrame;
  };
}

async function lastOf(device: Device): Promise<Content> {
  return (await device.messenger.history({ conversation: room, limit: 1 }))[0]!.content;
}

describe('a message', () => {
  it.each([
    ['of another member', { sender: 'cyd' as UserName }, 'It is said to be by cyd, but ada wrote it.'],
    [
      'of another device',
      { device: 77 as DeviceId },
      'It is said to be from another device of ada than it was written on.',
    ],
    ['in the clear', { epoch: 0, payload: 'e30' }, 'Sent without encryption: anybody could have written it.'],
    ['of nobody', { payload: 'AAAA' }, /^It is not readable\. /],
  ] as const)('that is said to be %s is not read as such, and those after it are', async (_, change, reason) => {
    await say(rig, ada, { room, text: 'first' });
    lie(bob, 'message', change as Partial<MessageEntry>);
    await say(rig, ada, { room, text: 'spoiled' });
    expect(await lastOf(bob)).toEqual({
      kind: 'unreadable',
      reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
    });
    await say(rig, ada, { room, text: 'last' });
    expect(await textsOf(bob, room)).toEqual(['first', 'last']);
    expect(await textsOf(cyd, room)).toEqual(['first', 'spoiled', 'last']);
  });

  it('that is delivered twice is read once, and in its own conversation only', async () => {
    const { conversation: other } = await placeOf(rig, ada.messenger.openDirect('bob'));
    await say(rig, ada, { room: other, text: 'for bob alone' });
    const message = [...rig.chat.store.entries()].find((entry): entry is MessageEntry => entry.type === 'message')!;
    lie(bob, 'message', { payload: message.payload });
    await say(rig, ada, { room: other, text: 'replaced' });
    expect(await textsOf(bob, other)).toEqual(['for bob alone']);
    lie(bob, 'message', { payload: message.payload });
    await say(rig, ada, { room, text: 'replaced' });
    expect(await textsOf(bob, room)).toEqual([]);
  });
});

describe('a change of members whose keys say something else', () => {
  const dan = 'dan' as UserName;

  it.each([
    ['names somebody else as its author', { sender: 'cyd' as UserName }, 'cyd is said to have made the keys of ada.'],
    ['conceals who was let in', { users: ['eve' as UserName] }, 'The keys let in dan, of whom nobody was told.'],
    [
      'is said to invite who is there, with keys of nobody',
      { users: ['bob' as UserName], keys: { epoch: 2, commit: 'AAAA', bundle: null } },
      expect.stringContaining('mls_public_message'),
    ],
    ['is said to change nobody', { change: 'rekeyed', users: [] }, 'The keys let in dan, of whom nobody was told.'],
  ] as const)('that %s is not followed; the device comes in anew and says why', async (_, change, doubt) => {
    await rig.online('dan');
    lie(bob, 'membership', change as Partial<MembershipEntry>);
    await placeOf(rig, ada.messenger.invite(room, [dan]));
    await rig.settle(30_000);
    const items = await bob.messenger.history({ conversation: room });
    expect(items[1]!.content).toMatchObject({ kind: 'membership', doubt });
    await say(rig, ada, { room, text: 'hello' });
    expect(await textsOf(cyd, room)).toEqual(['hello']);
    expect(rig.errors).toEqual([]);
  });

  it('that brings nothing readable keeps a device out until the servers tell how it is', async () => {
    await rig.online('dan');
    lie(bob, 'membership', { keys: { epoch: 2, commit: 'AAAA', bundle: null } });
    await placeOf(rig, ada.messenger.invite(room, [dan]));
    const asked = bob.messenger.send(room, 'am I in?');
    await rig.settle(5000);
    expect(await asked.outcome).toEqual({
      kind: 'failed',
      code: 'notSealed',
      reason: 'The keys of this conversation are not to be had: another member must change them first.',
    });
    bob.cut();
    await rig.settle(30_000);
    await say(rig, ada, { room, text: 'hello' });
    await say(rig, bob, { room, text: 'here again' });
    for (const device of [ada, cyd]) expect(await textsOf(device, room)).toEqual(['hello', 'here again']);
  });

  it('does not set devices against each other for ever', async () => {
    await rig.online('dan');
    lie(bob, 'membership', { users: ['eve' as UserName] });
    await placeOf(rig, ada.messenger.invite(room, [dan]));
    for (const device of [ada, bob, cyd]) device.messenger.send(room, 'hello');
    await rig.settle(3_600_000);
    expect([...rig.chat.store.entries()].length).toBeLessThan(100);
    expect(rig.errors).toEqual([]);
  });

  it.each([
    ['is told as that of another', { users: ['dan' as UserName] }, 'The keys shut out bob, of whom nobody was told.'],
    [
      'shuts out fewer than it says',
      { users: ['bob', 'ada'] as UserName[] },
      'The keys leave ada in, who was removed.',
    ],
  ] as const)('that %s is not followed', async (_, change, doubt) => {
    lie(cyd, 'membership', change as Partial<MembershipEntry>);
    await placeOf(rig, ada.messenger.remove(room, ['bob']));
    const items = await cyd.messenger.history({ conversation: room });
    expect(items[1]!.content).toMatchObject({ kind: 'membership', doubt });
  });

  it('by a member who may not is not followed, and whom they let in is shut out before the next word', async () => {
    const dan = await rig.online('dan');
    const mls = encryptions.mls({ suite: createNodeCipherSuite(), random: createSeededRandom(1) });
    bob.messenger.stop();
    const { name, device, token: by } = bob.disk.account! as { name: UserName; device: DeviceId; token: string };
    const group = mls.importGroup(bob.disk.keys.get(`mls/group/${room}`)!);
    const claimed = await claimKeyPackages(rigTransport(rig.chat), { token: by, name: 'dan' });
    if (claimed.kind !== 'ok') throw new Error('no key packages');
    const add = claimed.value.devices.map(({ keyPackage }) => ({ user: 'dan', keyPackage }));
    const { change } = await mls.change(group, { add });
    const { groupInfo, commit, welcome } = change;
    const put = await uploadKeyBundle(rigTransport(rig.chat), { token: by, groupInfo, welcome: welcome! });
    if (put.kind !== 'ok') throw new Error('no bundle');
    const hacked = rig.chat.connect({ name, token: by, device });
    await rig.settle();
    const keys = { epoch: 1, bundle: put.value.bundle, commit: commit! };
    hacked.send({ type: 'commit', clientId: 500, conversation: room, keys });
    await rig.settle();
    expect(hacked.answer(500)).toMatchObject({ type: 'accepted' });
    await rig.settle(5000);
    for (const honest of [ada, cyd]) {
      const items = await honest.messenger.history({ conversation: room });
      expect(items[1]!.content).toMatchObject({ doubt: expect.stringMatching(/^bob is not the admin and added dan/) });
    }
    await say(rig, ada, { room, text: 'among us' });
    expect(await textsOf(cyd, room)).toEqual(['among us']);
    expect(await ada.messenger.safetyCode(room, 'cyd')).not.toBeNull();
    expect(await ada.messenger.safetyCode(room, 'dan')).toBeNull();
    expect(dan.messenger.conversations()).toEqual([]);
  });
});

describe('a server that says that there is no encryption', () => {
  it('gets no word in the clear', async () => {
    const sent: string[] = [];
    ada.says = (frame) => void (frame.type === 'send' && sent.push(frame.payload));
    ada.lets = (frame) =>
      frame.type === 'conversation' ? { ...frame, epoch: 0, bundle: null, sealed: 0 as never } : true;
    ada.cut();
    await rig.settle(20_000);
    const cheated = await rig.online('ada');
    cheated.lets = ada.lets;
    cheated.says = ada.says;
    cheated.cut();
    await rig.settle(20_000);
    for (const device of [ada, cheated]) device.messenger.send(room, 'a word in the clear');
    await rig.settle(60_000);
    for (const payload of sent) {
      expect(Buffer.from(payload, 'base64url').toString('latin1')).not.toContain('in the clear');
    }
  });
});
