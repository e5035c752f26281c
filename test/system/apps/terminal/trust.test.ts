/** What the screen says of devices that were compared, of gaps and of keys that are not trusted. */
import { expect, it } from 'vitest';
import { createChat } from '../../../../src/system/apps/shared/chat.ts';
import { type App, createApp } from '../../../../src/system/apps/terminal/screen/app.ts';
import { createKeyReader } from '../../../../src/system/apps/terminal/screen/keys.ts';
import { textOf } from '../../../../src/system/apps/terminal/text/spans.ts';
import { createMessengerRig, type Device, type MessengerRig, placeOf } from '../../../helpers/messenger-rig.ts';

let rig: MessengerRig;
let app: App;

function show({ messenger }: Device): void {
  const { clock } = rig.chat;
  const chat = createChat(messenger, { soon: (call) => void clock.after(16, call) });
  app = createApp({ messenger, chat, size: { columns: 110, rows: 24 }, now: () => clock.wall() });
}

async function type(keys: string): Promise<void> {
  for (const key of createKeyReader().push(keys)) app.press(key);
  await rig.settle(1000);
}

/** Without the list at its side. */
function lines(): string {
  const { lines } = app.frame();
  return lines.map((line) => textOf(line).replace(/^.*│ /, '').trimEnd()).join('\n');
}

it('remembers a comparison, warns of a device that came since until that is noted, and forgets on demand', async () => {
  rig = await createMessengerRig({ encryption: 'modelled' });
  const [ada] = [await rig.online('ada'), await rig.online('bob')];
  show(ada);
  await type('/chat bob\r');
  await rig.settle(3000);
  await type('/verified\r');
  expect(lines()).toContain('Compare first: /verify shows the code.');
  await type('/verify\r');
  expect(lines()).toMatch(
    /Safety code of you and bob[\s\S]*(\d{5} ){3}\d{5}[\s\S]*\/verified remembers[\s\S]*Not compared yet/,
  );
  await type('\u001b');
  await type('/verified\r');
  expect(lines()).toMatch(/bob ✓ verified/);

  const tablet = await rig.online('bob');
  await rig.settle(10_000);
  expect(lines()).toMatch(/bob ! new device/);
  expect(lines()).toMatch(/! bob has a new device since you compared codes. \/verify compares again/);
  await type('Is that you?\r');
  expect(tablet.items.at(-1)).toMatchObject({ content: { text: 'Is that you?' } });
  await type('/noted\r');
  expect(lines()).not.toContain('since you compared codes');
  expect(lines()).toMatch(/bob ! new device/);
  await type('/verified\r');
  expect(lines()).toContain('compare that');
  await type('/verify\r');
  expect(lines()).toMatch(/Compared on .*; a new device since\./);
  await type('\u001b');
  await type('/verified\r');
  expect(lines()).toMatch(/bob ✓ verified/);
  await type('/forget\r');
  expect(lines()).not.toMatch(/✓ verified|! new device/);
});

it('asks in a group with whom, and warns there of each member', async () => {
  rig = await createMessengerRig({ encryption: 'modelled' });
  const [ada] = [await rig.online('ada'), await rig.online('bob'), await rig.online('carol')];
  show(ada);
  await type('/group Tea: bob, carol\r');
  await rig.settle(3000);
  await type('/verify\r');
  expect(lines()).toContain('Say with whom');
  for (const name of ['bob', 'carol']) {
    await type(`/verify ${name}\r`);
    await type('\u001b');
    await type(`/verified ${name}\r`);
    await rig.online(name);
    await rig.settle(10_000);
  }
  expect(lines()).toMatch(/! bob has a new device .*\/verify bob[\s\S]*! carol has a new device .*\/verify carol/);
  await type('/noted\r');
  expect(lines()).not.toContain('since you compared codes');
  await type('/members\r');
  expect(lines()).toMatch(/ada {2}admin\n {2}bob {2}! new device\n/);
});

it('shows messages that have expired in their place, and keeps that', async () => {
  rig = await createMessengerRig({ settings: { expiryMs: 60_000, expiryEveryMs: 1000 } });
  const [ada, bob] = [await rig.online('ada'), await rig.online('bob')];
  const { conversation } = await placeOf(rig, ada.messenger.openDirect('bob'));
  bob.messenger.stop();
  for (const text of ['a', 'b']) ada.messenger.send(conversation, text);
  await rig.settle(70_000);
  ada.messenger.send(conversation, 'c');
  await rig.settle();
  show(bob);
  await type('\r');
  bob.messenger.start();
  await rig.settle(3000);
  const gap = '— 2 messages expired before they could be delivered to this device —';
  expect(lines()).toMatch(new RegExp(`began this conversation —\\n${gap}\\n[^\\n]*ada +c`));
  show(bob);
  await type('\r');
  expect(lines()).toContain(gap);
});

it('warns at a change whose keys this device did not trust, also where it shows no change', async () => {
  rig = await createMessengerRig({ encryption: 'modelled' });
  const [ada, bob] = [await rig.online('ada'), await rig.online('bob'), await rig.online('dan')];
  const { conversation } = await placeOf(rig, ada.messenger.createGroup('Tea', ['bob']));
  show(bob);
  await type('\r');
  bob.lets = (frame) => {
    if (frame.type !== 'membership' || frame.change !== 'added') return true;
    return { ...frame, change: 'rekeyed', users: [] };
  };
  await placeOf(rig, ada.messenger.invite(conversation, ['dan']));
  expect(lines()).toMatch(
    /made this group with you —\n! This device did not trust the keys of this change[\s\S]*The keys let in dan, of/,
  );
});
