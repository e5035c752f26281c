import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCanvas } from '@napi-rs/canvas';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createChat } from '../../../../src/system/apps/shared/chat.ts';
import type { ConversationId } from '../../../../src/system/apps/shared/messenger.ts';
import { type App, createApp } from '../../../../src/system/apps/terminal/screen/app.ts';
import { createKeyReader } from '../../../../src/system/apps/terminal/screen/keys.ts';
import { lineWidth, textOf } from '../../../../src/system/apps/terminal/text/spans.ts';
import { createMessengerRig, type Device, type MessengerRig } from '../../../helpers/messenger-rig.ts';

/** Files and hashes take real time. */
const patience = { timeout: 10_000, interval: 5 };

let rig: MessengerRig;
let bob: Device;
let ada: Device;
let app: App;

beforeEach(async () => {
  rig = await createMessengerRig();
  ada = await rig.online('ada');
  bob = await rig.online('bob');
  await rig.online('carol');
  app = appOf(ada);
});

function appOf({ messenger }: Device, size = { columns: 80, rows: 24 }): App {
  const { clock } = rig.chat;
  const chat = createChat(messenger, { soon: (call) => void clock.after(16, call) });
  return createApp({ messenger, chat, size, now: () => clock.wall() });
}

async function type(keys: string): Promise<void> {
  for (const key of createKeyReader().push(keys)) app.press(key);
  await rig.settle();
}

function shown(): string {
  return app
    .frame()
    .lines.map((line) => textOf(line).replace(/ +$/, ''))
    .join('\n');
}

/** Without the list at its side. */
function conversation(): string {
  return shown().replace(/^.*│/gm, '');
}

async function say(text: string): Promise<ConversationId> {
  const opening = bob.messenger.openDirect('ada').outcome;
  await rig.settle();
  const opened = await opening;
  if (opened.kind !== 'sent') throw new Error(JSON.stringify(opened));
  bob.messenger.send(opened.conversation, text);
  await rig.settle();
  return opened.conversation;
}

describe('the screen', () => {
  it('says what to do first to somebody who has no conversation yet', () => {
    expect(shown()).toMatch(/No conversations yet[\s\S]*\/chat bob/);
  });

  it('begins a conversation, and shows what is said in it with its marks', async () => {
    await type('/chat bob\r');
    await type('Hello Bob\r');
    await rig.settle(1000);
    expect(shown()).toMatch(/you {2}Hello Bob ✓✓$/m);
    const [room] = bob.messenger.conversations();
    void bob.messenger.markRead(room!.id, room!.last!.seq);
    await rig.settle();
    expect(shown()).toMatch(/you {2}Hello Bob ✓✓ read$/m);
  });

  it('counts unread messages in the list until the conversation is opened', async () => {
    await say('psst');
    expect(shown()).toMatch(/^›.bob +1 │/m);
    await type('\r');
    expect(shown()).toMatch(/bob +psst$/m);
    expect(ada.messenger.conversations()[0]!.unread).toBe(0);
  });

  it('administrates a group: make, add, remove, who is admin, leave', async () => {
    await type('/group Weekend trip: bob\r');
    expect(shown()).toContain('Weekend trip  2 members, admin you');
    await type('/add carol\r');
    expect(shown()).toContain('— you added carol —');
    await type('/members\r');
    expect(shown()).toMatch(/ada {2}admin\n {2}bob\n {2}carol/);
    await type('\u001b');
    await type('/remove bob\r');
    expect(shown()).toContain('— you removed bob —');
    await type('/remove bob\r');
    expect(shown()).toContain('Not done: ');
    await type('/discard\r/leave\r');
    expect(shown()).toContain('you are not in it any more');
  });

  it('says honestly that it is offline and how many messages wait', async () => {
    await type('/chat bob\r');
    ada.server = null;
    ada.cut();
    await type('one\rtwo\rthree\r');
    expect(shown()).toMatch(/○ connecting …, 3 waiting to be sent/);
    expect(shown()).toMatch(/you {2}three …$/m);
    ada.server = 0;
    await rig.settle(20_000);
    expect(shown()).toMatch(/● online {2}s1$/m);
    expect(shown()).toMatch(/you {2}three ✓✓$/m);
  });

  it('shows who is online and when somebody was last seen, and nothing of that while offline itself', async () => {
    await type('/chat bob\r');
    expect(shown()).toMatch(/^›•bob +│.*\n/m);
    expect(shown()).toContain('│ bob  online ');
    bob.messenger.stop();
    await rig.settle(10_000);
    expect(shown()).toMatch(/bob {2}last seen at \d\d:\d\d/);
    ada.server = null;
    ada.cut();
    await rig.settle();
    expect(shown()).not.toContain('last seen');
  });

  it('scrolls through all that was said and stays where it is when more comes', async () => {
    const room = await say('message 0');
    for (let i = 1; i < 300; i++) bob.messenger.send(room, `message ${i}`);
    await rig.settle(5000);
    await type('\r');
    expect(shown()).toMatch(/message 299$/m);
    for (let page = 0; page < 40; page++) await type('\u001b[5~');
    expect(shown()).toMatch(/the beginning[\s\S]*message 0$/m);
    const before = conversation();
    bob.messenger.send(room, 'something new');
    await rig.settle();
    expect(conversation()).toBe(before);
    await type('\u001b[1;5F');
    expect(shown()).toMatch(/something new$/m);
  });

  it('finds a message far above and goes there', async () => {
    const room = await say('the needle');
    for (let i = 0; i < 300; i++) bob.messenger.send(room, `hay ${i}`);
    await rig.settle(5000);
    await type('\u0006needle\r');
    expect(shown()).toContain('1 found');
    await type('\r');
    expect(shown()).toMatch(/bob {2}the needle$/m);
  });

  it('sends an image from a path with spaces, and saves it as a file under a name of its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'terminal-app-'));
    try {
      const bytes = await createCanvas(30, 20).encode('png');
      const path = join(folder, 'my cat.png');
      writeFileSync(path, bytes);
      await type('/chat bob\r');
      await type(`/image ${path} Look at her\r`);
      await vi.waitFor(async () => {
        await rig.settle();
        expect(shown()).toMatch(/you {2}\[PNG image, 30×20, 1 KB\] Look at her ✓/);
      }, patience);
      app = appOf(bob);
      await type('\r');
      for (const name of ['nawaab-1-2.png', 'nawaab-1-2-2.png']) {
        await type(`/save ${folder}\r`);
        await vi.waitFor(async () => {
          await rig.settle();
          expect(shown()).toContain('Saved as');
          expect(readFileSync(join(folder, name)).equals(bytes)).toBe(true);
        }, patience);
        expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
      }
      await type('/image /nowhere.png\r');
      await vi.waitFor(() => expect(shown()).toContain('The file /nowhere.png cannot be read (ENOENT)'), patience);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('asks for passwords without showing them, and says when they are wrong', async () => {
    await type('/chat bob\r');
    await type('/password\r');
    for (const typed of ['not my password', 'a new password', 'a new password']) {
      await type(typed);
      expect(shown()).not.toContain(typed);
      await type('\r');
    }
    await vi.waitFor(async () => {
      await rig.settle();
      expect(shown()).toContain('That is not your password.');
    }, patience);
    await type('/password\r');
    await type('\u001b');
    await type('/devices\r');
    await vi.waitFor(() => expect(shown()).toMatch(/test-[0-9a-f]{16} {2}since .* {2}this one/), patience);
  });

  it('signs out everywhere, and ends', async () => {
    const tablet = await rig.online('ada');
    await type('/chat bob\r');
    await type('/signout everywhere\r');
    await rig.within(app.left);
    expect(ada.messenger.state.connection).toBe('offline');
    expect(tablet.messenger.state).toMatchObject({ connection: 'offline', trouble: 'signInAgain' });
    expect(bob.messenger.state.connection).toBe('online');
  });

  it('opens its help with ? and writes a question mark when it is pressed again', async () => {
    await type('/chat bob\r');
    await type('?');
    expect(shown()).toContain('Commands, typed where messages are written');
    await type('?');
    expect(shown()).toMatch(/^> \?$/m);
  });

  it('completes commands and names, and says what is wrong with others', async () => {
    await type('/chat bob\r');
    await type('/gr\tTrip: b\t');
    expect(shown()).toMatch(/^> \/group Trip: bob$/m);
    await type('\u0015/nonsense\r');
    expect(shown()).toContain('no such command');
    await type('\u0015/chat\r');
    expect(shown()).toContain('/chat NAME');
  });

  it('keeps a draft for each conversation', async () => {
    await type('/chat bob\r');
    await type('/chat carol\r');
    await type('half a thou');
    await type('\u000e');
    expect(shown()).not.toContain('half a thou');
    await type('\u000e');
    expect(shown()).toMatch(/^> half a thou$/m);
  });

  it.each([
    [80, 24],
    [40, 12],
    [20, 6],
    [200, 60],
    [10, 3],
  ])('fills %d by %d exactly, whatever is on it', async (columns, rows) => {
    await say('Hello 你好 👩‍👩‍👧 '.repeat(30));
    app.resize({ columns, rows });
    for (const keys of ['', '\r', '?', '\u001b', '\u0006x', '\u001b', '/', 'a\nb']) {
      await type(keys);
      const { lines, cursor } = app.frame();
      expect(lines.length).toBeLessThan(rows);
      expect(lines.map(lineWidth)).toEqual(lines.map(() => columns));
      if (cursor) expect(cursor.x < columns && cursor.y >= 0).toBe(true);
    }
  });

  it('keeps what is being written on a screen of any size, and fits it', async () => {
    await say('hello');
    await type('\r');
    await type('A long draft, which needs many lines on a small screen, and ends with this: x');
    const size = fc.record({ columns: fc.integer({ min: 4, max: 90 }), rows: fc.integer({ min: 1, max: 14 }) });
    fc.assert(
      fc.property(size, (next) => {
        app.resize(next);
        const { lines, cursor } = app.frame();
        expect(lines.length).toBe(Math.max(1, next.rows - 1));
        for (const line of lines) expect(lineWidth(line)).toBe(next.columns);
        const before = textOf(lines[cursor!.y]!).slice(0, cursor!.x);
        // At the edge it stands on a line of its own.
        expect(before).toMatch(cursor!.x > 2 ? /x$/ : /^ {2}$/);
      }),
    );
  });

  it('shows no control character, whatever others write into messages and titles', async () => {
    const evil = fc.string({
      unit: fc.oneof(
        fc
          .nat(0x10ffff)
          .filter((c) => c < 0xd800 || c > 0xdfff)
          .map((c) => String.fromCodePoint(c)),
        fc.constantFrom('\u001b[2J', '\u009b', '\r', '\u202e'),
      ),
      minLength: 1,
      maxLength: 200,
    });
    const room = await say('hello');
    await type('\r');
    for (const text of fc.sample(evil, 40)) {
      if (text.trim() !== '') bob.messenger.send(room, text);
      await rig.settle(100);
      for (const line of app.frame().lines) expect(textOf(line)).not.toMatch(/[[\p{Cc}\p{Cf}]--[\u200c\u200d]]/v);
    }
  });
});
