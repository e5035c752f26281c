/** Contacts whose devices were compared: it is remembered, and a device that nobody compared is told of. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Verification } from '../../../../src/system/client/messenger/trust-contract.ts';
import type { ConversationId } from '../../../../src/system/protocol/ids.ts';
import { createMessengerRig, type Device, type MessengerRig, placeOf, say } from '../../../helpers/messenger-rig.ts';

let rig: MessengerRig;
let ada: Device;
let bob: Device;
let room: ConversationId;
let told: Verification[];

beforeEach(async () => {
  rig = await createMessengerRig({ encryption: 'modelled' });
  [ada, bob] = [await rig.online('ada'), await rig.online('bob')];
  room = await direct(ada, 'bob');
  told = [];
  ada.messenger.on('verification', (what) => told.push(what));
});

async function direct(device: Device, user: string): Promise<ConversationId> {
  const { conversation } = await placeOf(rig, device.messenger.openDirect(user));
  await rig.settle(3000);
  return conversation;
}

/** A further device of somebody, that has come into all conversations. */
async function another(name: string): Promise<Device> {
  const device = await rig.online(name);
  await rig.settle(10_000);
  return device;
}

async function verify(device: Device, user: string, conversation = room): Promise<Verification> {
  const code = await device.messenger.safetyCode(conversation, user);
  return rig.within(device.messenger.markVerified(conversation, user, code!));
}

function stateOf(device: Device, user: string): Verification['state'] {
  return device.messenger.verification(user).state;
}

describe('who was verified', () => {
  it('is so in any case of the name, after a restart, and until forgotten', async () => {
    expect(stateOf(ada, 'bob')).toBe('unverified');
    expect(await verify(ada, 'BOB')).toMatchObject({ user: 'bob', state: 'verified', newDevices: 0 });
    expect(told).toEqual([ada.messenger.verification('bob')]);
    ada.crash();
    await ada.boot();
    expect(ada.messenger.verifications()).toEqual(told);
    await rig.within(ada.messenger.forgetVerified('Bob'));
    expect(stateOf(ada, 'bob')).toBe('unverified');
    ada.crash();
    await ada.boot();
    expect(ada.messenger.verifications()).toEqual([]);
  });

  it('is not so by another code, an old one, or one’s own name', async () => {
    const old = (await ada.messenger.safetyCode(room))!;
    await another('bob');
    for (const code of ['', '1'.repeat(60), old]) {
      await expect(rig.within(ada.messenger.markVerified(room, 'bob', code))).rejects.toThrow('compare that');
    }
    await expect(rig.within(ada.messenger.markVerified(room, 'ada', old))).rejects.toThrow('verify oneself');
    expect(stateOf(ada, 'bob')).toBe('unverified');
    expect(told).toEqual([]);
  });

  it('stays so when their code changes by a device of one’s own', async () => {
    await another('bob');
    const code = await ada.messenger.safetyCode(room);
    await verify(ada, 'bob');
    await another('ada');
    expect(await ada.messenger.safetyCode(room)).not.toBe(code);
    await say(rig, ada, { room, text: 'still you?' });
    expect(stateOf(ada, 'bob')).toBe('verified');
    expect(told).toHaveLength(1);
  });
});

describe('a device that nobody compared', () => {
  it('is told of, hinders nobody from writing, and is verified by the next comparison', async () => {
    await verify(ada, 'bob');
    const tablet = await another('bob');
    expect(told.at(-1)).toMatchObject({ user: 'bob', state: 'changed', newDevices: 1, isAcknowledged: false });
    await say(rig, ada, { room, text: 'who is that?' });
    expect(tablet.items.at(-1)).toMatchObject({ content: { text: 'who is that?' } });
    expect(await verify(ada, 'bob')).toMatchObject({ state: 'verified', newDevices: 0 });
    await another('bob');
    expect(told.map(({ state }) => state)).toEqual(['verified', 'changed', 'verified', 'changed']);
  });

  it('stays told of after a restart, until that is acknowledged; the next one is told of again', async () => {
    await verify(ada, 'bob');
    await another('bob');
    ada.crash();
    await ada.boot();
    expect(ada.messenger.verification('bob')).toEqual(told.at(-1));
    ada.messenger.on('verification', (what) => told.push(what));
    ada.messenger.start();
    await rig.within(ada.messenger.acknowledgeChange('bob'));
    expect(told.at(-1)).toMatchObject({ state: 'changed', newDevices: 1, isAcknowledged: true });
    await another('bob');
    expect(told.at(-1)).toMatchObject({ state: 'changed', newDevices: 2, isAcknowledged: false });
  });

  it('is told of while one was away, and when it comes to another conversation first', async () => {
    await verify(ada, 'bob');
    ada.messenger.stop();
    await another('bob');
    expect(told).toHaveLength(1);
    ada.messenger.start();
    await rig.settle(3000);
    expect(told.at(-1)).toMatchObject({ state: 'changed', newDevices: 1 });
  });

  it('is told of when one lets it in oneself, with keys that were claimed for a new conversation', async () => {
    await verify(ada, 'bob');
    const tablet = rig.device();
    await tablet.boot();
    // It leaves its keys, and is never online.
    await rig.within(tablet.messenger.signIn({ name: 'bob', password: 'correct horse' }));
    expect(told).toHaveLength(1);
    await placeOf(rig, ada.messenger.createGroup('tea', ['bob']));
    expect(told.at(-1)).toMatchObject({ user: 'bob', state: 'changed', newDevices: 1 });
  });

  it('shows in another conversation already when somebody is verified', async () => {
    const group = (await placeOf(rig, ada.messenger.createGroup('tea', ['bob']))).conversation;
    await rig.settle(3000);
    const codes = (): Promise<(string | null)[]> =>
      Promise.all([room, group].map((each) => ada.messenger.safetyCode(each, 'bob')));
    const before = await codes();
    const tablet = rig.device();
    // One conversation it cannot come into.
    const asked = new Set<string>();
    tablet.asks = ({ path }) => {
      if (path.includes('/key-bundles/') && asked.add(path).values().next().value === path) throw new Error('lost');
    };
    await tablet.boot();
    await rig.within(tablet.messenger.signIn({ name: 'bob', password: 'correct horse' }));
    tablet.messenger.start();
    await rig.settle(10_000);
    const after = await codes();
    const [without, into] = after[0] === before[0] ? [room, group] : [group, room];
    expect(after.filter((code, at) => code !== before[at])).toHaveLength(1);
    expect(await verify(ada, 'bob', without)).toMatchObject({ state: 'changed', newDevices: 1 });
    expect(await verify(ada, 'bob', into)).toMatchObject({ state: 'verified' });
    expect(await verify(ada, 'bob', without)).toMatchObject({ state: 'verified' });
  });

  it('of whom nobody was verified is not told of', async () => {
    const cyd = await rig.online('cyd');
    await direct(ada, 'cyd');
    await verify(ada, 'bob');
    await another('cyd');
    await another('ada');
    expect(told).toHaveLength(1);
    expect(cyd.messenger.verifications()).toEqual([]);
  });
});

it('holds whatever happens in between: a user is verified as long as all of their devices were compared', async () => {
  const steps = fc.constantFrom('device', 'verify', 'away', 'crash', 'group', 'own device', 'acknowledge', 'forget');
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 3, maxLength: 9 }), async (happens) => {
      rig = await createMessengerRig({ encryption: 'modelled' });
      [ada, bob] = [await rig.online('ada'), await rig.online('bob')];
      room = await direct(ada, 'bob');
      let devices = 1;
      let compared: number | null = null;
      let noted = 0;
      const does: Readonly<Record<(typeof happens)[number], () => unknown>> = {
        device: () => another('bob').then(() => devices++),
        verify: () => verify(ada, 'bob').then(() => (compared = noted = devices)),
        async away() {
          ada.messenger.stop();
          await another('bob');
          devices++;
          ada.messenger.start();
        },
        async crash() {
          ada.crash();
          (await ada.boot()).start();
        },
        group: () => placeOf(rig, ada.messenger.createGroup('tea', ['bob'])),
        'own device': () => another('ada'),
        acknowledge: () => rig.within(ada.messenger.acknowledgeChange('bob')).then(() => (noted = devices)),
        forget: () => rig.within(ada.messenger.forgetVerified('bob')).then(() => (compared = null)),
      };
      for (const step of happens) {
        await does[step]();
        await rig.settle(3000);
        const newDevices: number = compared === null ? 0 : devices - compared;
        expect(ada.messenger.verification('bob')).toMatchObject({
          state: compared === null ? 'unverified' : newDevices > 0 ? 'changed' : 'verified',
          newDevices,
          isAcknowledged: newDevices === 0 || noted === devices,
        });
      }
      expect(rig.errors).toEqual([]);
    }),
    { numRuns: 12 },
  );
});

it('what is kept of it is stored together with the keys that show it', async () => {
  await verify(ada, 'bob');
  const before = ada.written.length;
  await another('bob');
  const batches = ada.written.slice(before).filter((batch) => batch.some(isOf('mls/verified/bob')));
  expect(batches).toHaveLength(1);
  expect(batches[0]!.some(isOf(`mls/group/${room}`))).toBe(true);
});

function isOf(name: string) {
  return (change: Device['written'][number][number]): boolean => change.kind === 'key' && change.name === name;
}

it('without encryption nobody is verified', async () => {
  rig = await createMessengerRig();
  [ada, bob] = [await rig.online('ada'), await rig.online('bob')];
  const { conversation } = await placeOf(rig, ada.messenger.openDirect('bob'));
  await expect(rig.within(ada.messenger.markVerified(conversation, 'bob', '1'))).rejects.toThrow('encrypted');
  expect(bob.messenger.verification('ada')).toMatchObject({ user: 'ada', state: 'unverified', at: null });
});
