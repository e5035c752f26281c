/** Who there is and who is there, and one's own account, through the messenger. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { AccountOutcome } from '../../../../src/system/client/ask.ts';
import type { Asked, MessengerEvents } from '../../../../src/system/client/messenger/contract.ts';
import { limits } from '../../../../src/system/protocol/limits.ts';
import { createMessengerRig, type Device, type MessengerRig } from '../../../helpers/messenger-rig.ts';

let rig: MessengerRig;
let ada: Device;
let bob: Device;

beforeEach(async () => {
  rig = await createMessengerRig({ settings: { presenceGraceMs: 1000, presenceWindowMs: 100 } });
  ada = await rig.online('ada');
  bob = await rig.online('bob');
});

describe('presence', () => {
  it('of those with whom one talks is told while they are watched, and unknown while offline', async () => {
    await done(ada.messenger.openDirect('bob'));
    await rig.online('cyd');
    const heard: MessengerEvents['presence'][] = [];
    ada.messenger.on('presence', (presence) => heard.push(presence));
    ada.messenger.watch(['Bob', 'cyd', 'nobody']);
    await rig.settle(2000);
    expect(ada.messenger.presence('BOB')).toMatchObject({ user: 'bob', online: true });
    expect([ada.messenger.presence('cyd'), ada.messenger.presence('nobody')]).toEqual([null, null]);
    bob.messenger.stop();
    await rig.settle(5000);
    expect(ada.messenger.presence('bob')).toMatchObject({ online: false, at: expect.any(Number) });
    expect(heard.map(({ online }) => online)).toEqual([true, false]);

    ada.messenger.stop();
    expect(ada.messenger.presence('bob')).toBeNull();
    bob.messenger.start();
    ada.messenger.start();
    await rig.settle(5000);
    expect(ada.messenger.presence('bob')).toMatchObject({ online: true });
    ada.messenger.watch([]);
    expect(ada.messenger.presence('bob')).toBeNull();
  });

  it('may be asked of so many, by what can be names', () => {
    const many = Array.from({ length: limits.presenceWatchMax + 1 }, (_, i) => `user${i}`);
    expect(() => ada.messenger.watch(many)).toThrow('At most 500 users can be watched, not 501;');
    expect(() => ada.messenger.watch(['no name!'])).toThrow('"no name!" is no name of a user;');
  });
});

describe('the account', () => {
  it('finds users by name in any case', async () => {
    expect(await answered(ada.messenger.findUser('BOB'))).toEqual({ kind: 'ok', value: 'bob' });
    expect(await answered(ada.messenger.findUser('bobb'))).toEqual({ kind: 'ok', value: null });
  });

  it('lists its devices, signs one of them out, and changes the password', async () => {
    const second = await rig.online('ada');
    const listed = await answered(ada.messenger.devices());
    if (listed.kind !== 'ok') throw new Error(listed.kind);
    expect(listed.value.map(({ current }) => current)).toEqual([false, true]);
    expect((await answered(ada.messenger.signOutDevice(second.messenger.me!.device))).kind).toBe('ok');
    await rig.settle();
    expect(second.messenger.state).toMatchObject({ connection: 'offline', trouble: 'signInAgain', server: null });
    const changed = (old: string) => answered(ada.messenger.changePassword({ old, new: 'another horse' }));
    expect(await changed('wrong horse')).toMatchObject({ kind: 'refused', code: 'wrongPassword' });
    expect((await changed('correct horse')).kind).toBe('ok');
    expect(ada.messenger.state).toMatchObject({ connection: 'online', server: 's1' });
  });

  it('signed out everywhere is signed out here too, and what was asked for meanwhile waits', async () => {
    const second = await rig.online('ada');
    expect(await answered(ada.messenger.signOutEverywhere())).toEqual({ kind: 'ok', value: null });
    await rig.settle();
    expect(ada.messenger).toMatchObject({ isSignedIn: false, state: { connection: 'offline', trouble: null } });
    expect(second.messenger.state.trouble).toBe('signInAgain');
    const asked = ada.messenger.openDirect('bob');
    expect(() => ada.messenger.start()).toThrow('Nobody is signed in on this local database;');
    await expect(ada.messenger.devices()).rejects.toThrow('Nobody is signed in on this local database;');
    await answered(ada.messenger.signIn({ name: 'ada', password: 'correct horse' }));
    ada.messenger.start();
    expect(await outcomeOf(asked)).toMatchObject({ kind: 'sent' });
  });

  it('is deleted with the password only; until then nothing changes', async () => {
    await done(ada.messenger.openDirect('bob'));
    expect(await answered(ada.messenger.deleteAccount('wrong horse'))).toMatchObject({ code: 'wrongPassword' });
    expect(ada.messenger.state.connection).toBe('online');
    expect((await answered(ada.messenger.deleteAccount('correct horse'))).kind).toBe('ok');
    expect(ada.messenger).toMatchObject({ isSignedIn: false, state: { connection: 'offline', trouble: null } });
    expect(ada.messenger.conversations()).toHaveLength(1);
    expect(await answered(bob.messenger.findUser('ada'))).toEqual({ kind: 'ok', value: null });
  });

  it('asks no balancer where there is none', async () => {
    expect(await answered(ada.messenger.balancer())).toMatchObject({ kind: 'unknown' });
  });
});

// ---

async function answered<T>(outcome: Promise<AccountOutcome<T>>): Promise<AccountOutcome<T>> {
  await rig.settle();
  return outcome;
}

async function outcomeOf(asked: Asked) {
  await rig.settle();
  return asked.outcome;
}

async function done(asked: Asked): Promise<void> {
  expect(await outcomeOf(asked)).toMatchObject({ kind: 'sent' });
}
