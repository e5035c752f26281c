/** End-to-end encryption through the messenger: who reads what, and what happens to keys. */
import { describe, expect, it } from 'vitest';
import { createMessengerRig, type Device, placeOf, say, textsOf } from '../../../helpers/messenger-rig.ts';

describe.each(['mls', 'modelled'] as const)('messengers with %s', (encryption) => {
  it('two people read each other, and the servers neither', async () => {
    const rig = await createMessengerRig({ encryption });
    const [ada, bob] = [await rig.online('ada'), await rig.online('bob')];
    const { conversation: room } = await placeOf(rig, ada.messenger.openDirect('bob'));
    await say(rig, ada, { room, text: 'tea at four?' });
    await say(rig, bob, { room, text: 'gladly' });
    for (const device of [ada, bob]) expect(await textsOf(device, room)).toEqual(['tea at four?', 'gladly']);
    expect(ada.messenger.conversation(room)?.isEncrypted).toBe(true);
    expect(rig.errors).toEqual([]);
  });

  it('a group of three with two devices each reads what is written, also by somebody invited later', async () => {
    const rig = await createMessengerRig({ encryption });
    const devices = [];
    for (const name of ['ada', 'ada', 'bob', 'bob', 'cyd']) devices.push(await rig.online(name));
    const [ada, tablet, bob, , cyd] = devices as [Device, Device, Device, Device, Device];
    const { conversation: room } = await placeOf(rig, ada.messenger.createGroup('tea', ['bob']));
    await say(rig, tablet, { room, text: 'one' });
    await placeOf(rig, ada.messenger.invite(room, ['cyd']));
    await say(rig, cyd, { room, text: 'two' });
    await say(rig, bob, { room, text: 'three' });
    for (const device of devices.slice(0, 4)) expect(await textsOf(device, room)).toEqual(['one', 'two', 'three']);
    expect(await textsOf(cyd, room)).toEqual(['two', 'three']);
    await placeOf(rig, ada.messenger.remove(room, ['bob']));
    await say(rig, cyd, { room, text: 'four' });
    expect(await textsOf(ada, room)).toEqual(['one', 'two', 'three', 'four']);
    expect(await textsOf(bob, room)).toEqual(['one', 'two', 'three']);
    await placeOf(rig, cyd.messenger.leave(room));
    await say(rig, tablet, { room, text: 'five' });
    expect(await textsOf(ada, room)).toEqual(['one', 'two', 'three', 'four', 'five']);
    expect(rig.errors).toEqual([]);
  });

  it('a further device comes in by itself and reads from then on', async () => {
    const rig = await createMessengerRig({ encryption });
    const [ada, bob] = [await rig.online('ada'), await rig.online('bob')];
    const { conversation: room } = await placeOf(rig, ada.messenger.openDirect('bob'));
    await say(rig, ada, { room, text: 'before' });
    const tablet = await rig.online('bob');
    await rig.settle(2000);
    await say(rig, ada, { room, text: 'after' });
    await say(rig, tablet, { room, text: 'from the tablet' });
    expect(await textsOf(tablet, room)).toEqual(['after', 'from the tablet']);
    expect(await textsOf(bob, room)).toEqual(['before', 'after', 'from the tablet']);
    expect(await textsOf(ada, room)).toEqual(['before', 'after', 'from the tablet']);
    expect(rig.errors).toEqual([]);
  });
});
