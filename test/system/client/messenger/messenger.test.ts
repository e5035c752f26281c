import { beforeEach, describe, expect, it } from 'vitest';
import { type Asked, messengerLimits, type Outcome } from '../../../../src/system/client/messenger/contract.ts';
import type { ConversationId, Seq } from '../../../../src/system/protocol/ids.ts';
import { createMessengerRig, type Device, type MessengerRig, textsOf } from '../../../helpers/messenger-rig.ts';

let rig: MessengerRig;
let ada: Device;
let bob: Device;

async function outcomeOf(asked: Asked): Promise<Outcome> {
  await rig.settle();
  return asked.outcome;
}

async function direct(): Promise<ConversationId> {
  const outcome = await outcomeOf(ada.messenger.openDirect('bob'));
  if (outcome.kind !== 'sent') throw new Error(JSON.stringify(outcome));
  return outcome.conversation;
}

describe.each(['none', 'modelled', 'mls'] as const)('with encryption %s', (encryption) => {
  beforeEach(async () => {
    rig = await createMessengerRig({ encryption });
    [ada, bob] = [await rig.online('ada'), await rig.online('bob')];
  });

  describe('a message', () => {
    it('gets an id at once, is kept before it is sent, and then has a place', async () => {
      const room = await direct();
      const heard: string[] = [];
      ada.messenger.on('operation', ({ state }) => heard.push(state.kind));
      const asked = ada.messenger.send(room, 'hello');
      expect(asked.id).toBe(2);
      expect(ada.messenger.waiting(room)).toMatchObject([{ id: 2, content: { kind: 'text', text: 'hello' } }]);
      expect(await outcomeOf(asked)).toMatchObject({ kind: 'sent', conversation: room, seq: 2 });
      expect(heard).toEqual(['queued', 'sent']);
      expect(ada.messenger.waiting()).toEqual([]);
      expect(await textsOf(bob, room)).toEqual(['hello']);
      expect(await ada.messenger.history({ conversation: room })).toMatchObject([
        { seq: 1, content: { kind: 'membership', change: 'created', users: ['ada', 'bob'] } },
        { seq: 2, id: 2, sender: 'ada', isOwn: true, content: { kind: 'text', text: 'hello' } },
      ]);
    });

    it('waits while one is offline, and goes out in the order of asking', async () => {
      const room = await direct();
      ada.messenger.stop();
      const asked = ['a', 'b', 'c'].map((text) => ada.messenger.send(room, text));
      await rig.settle();
      expect(ada.messenger.state).toMatchObject({ connection: 'offline', trouble: null, waiting: 3, failed: 0 });
      ada.messenger.start();
      for (const one of asked) expect(await outcomeOf(one)).toMatchObject({ kind: 'sent' });
      expect(await textsOf(bob, room)).toEqual(['a', 'b', 'c']);
      expect(ada.messenger.state).toMatchObject({ connection: 'online', trouble: null, waiting: 0, failed: 0 });
    });

    it('that fails says why, stays until it is put away, and does not hold up others', async () => {
      const made = await outcomeOf(ada.messenger.createGroup('tea'));
      const room = (made as Extract<Outcome, { kind: 'sent' }>).conversation;
      await outcomeOf(ada.messenger.invite(room, ['bob']));
      bob.messenger.stop();
      await outcomeOf(ada.messenger.remove(room, ['bob']));
      const [first, second] = ['x', 'y'].map((text) => bob.messenger.send(room, text));
      bob.messenger.start();
      const reason = { kind: 'failed', code: 'notMember' };
      expect(await outcomeOf(first!)).toMatchObject(reason);
      expect(await outcomeOf(second!)).toMatchObject(reason);
      expect(bob.messenger.waiting(room).map(({ state }) => state)).toMatchObject([reason, reason]);
      expect(bob.messenger.conversation(room)).toMatchObject({ isMember: false, members: [] });
      await outcomeOf(ada.messenger.invite(room, ['bob']));
      expect(await outcomeOf(bob.messenger.retry(first!.id))).toMatchObject({ kind: 'sent' });
      const discarded = bob.messenger.discard(second!.id);
      await rig.settle();
      await discarded;
      expect(bob.messenger.waiting()).toEqual([]);
      expect(await textsOf(ada, room)).toEqual(['x']);
    });

    it.each([
      ['', 'The message is empty; write something.'],
      ['ü'.repeat(30_000), /^The message takes 600\d\d bytes, more than 4\d{4}; send it in several parts\.$/],
    ])('that is empty or too long is refused at once', async (text, reason) => {
      const room = await direct();
      expect(() => ada.messenger.send(room, text)).toThrow(reason);
      expect(() => ada.messenger.send(99 as ConversationId, 'x')).toThrow(
        'There is no conversation 99 on this device; conversations() lists those that are, openDirect and createGroup make one.',
      );
      expect(() => ada.messenger.invite(room, ['no name!'])).toThrow('"no name!" is no name of a user;');
      expect(() => ada.messenger.invite(room, ['cyd', 'Cyd'])).toThrow('this one 2 (1 different); split it.');
      expect(() => ada.messenger.invite(room, [])).toThrow('this one 0 (0 different); split it.');
    });

    it.runIf(encryption === 'none')('of a kind that nobody knows here is shown as such', async () => {
      const room = await direct();
      const account = await rig.chat.signIn('bob', 'old program');
      const old = rig.chat.connect(account);
      await rig.settle();
      const payloads = [
        '{"v":1,"kind":"poll","fallback":"Tea or coffee?"}',
        '{"v":2,"kind":"text","text":"x"}',
        '{"v":1,"kind":"text","text":"ok","extra":1}',
        'no json',
        '[1]',
        '\xff\xfe',
      ].map((text) => Buffer.from(text, 'latin1').toString('base64url'));
      payloads.forEach((payload, i) => {
        old.send({ type: 'send', clientId: i + 1, conversation: room, epoch: 0, payload });
      });
      await rig.settle();
      old.send({ type: 'commit', clientId: 50, conversation: room, keys: { epoch: 0 } } as never);
      await rig.settle();
      old.send({ type: 'send', clientId: 51, conversation: room, epoch: 1, payload: 'AAAA' });
      await rig.settle();
      const items = await ada.messenger.history({ conversation: room });
      expect(items.slice(1).map(({ content }) => content)).toEqual([
        { kind: 'unknown', name: 'poll', fallback: 'Tea or coffee?' },
        { kind: 'unknown', name: 'text', fallback: null },
        { kind: 'text', text: 'ok' },
        { kind: 'unknown', name: null, fallback: null },
        { kind: 'unknown', name: null, fallback: null },
        { kind: 'unreadable', reason: 'It is no text.' },
        { kind: 'membership', change: 'rekeyed', users: [], admin: null },
        { kind: 'unreadable', reason: 'It is encrypted.' },
      ]);
      expect(rig.errors).toEqual([]);
    });

    it.runIf(encryption === 'none')(
      'in the clear is not taken in a conversation that others have encrypted',
      async () => {
        const room = await direct();
        const other = rig.chat.connect(await rig.chat.signIn('bob', 'other program'));
        await rig.settle();
        other.send({ type: 'commit', clientId: 1, conversation: room, keys: { epoch: 0 } } as never);
        await rig.settle();
        expect(await outcomeOf(ada.messenger.send(room, 'in the clear'))).toMatchObject({
          kind: 'failed',
          code: 'staleEpoch',
        });
      },
    );
  });

  describe('conversations', () => {
    it('are listed with their last entry and what is unread, the newest first', async () => {
      const room = await direct();
      const made = await outcomeOf(ada.messenger.createGroup('tea'));
      const group = (made as Extract<Outcome, { kind: 'sent' }>).conversation;
      await outcomeOf(ada.messenger.invite(group, ['bob']));
      for (const text of ['1', '2', '3']) await outcomeOf(ada.messenger.send(room, text));
      expect(bob.messenger.conversations()).toMatchObject([
        { id: room, kind: 'direct', title: 'ada', unread: 3, last: { content: { text: '3' } }, isMember: true },
        { id: group, kind: 'group', title: 'tea', admin: 'ada', members: ['ada', 'bob'], unread: 0 },
      ]);
      expect(ada.messenger.conversations()[0]).toMatchObject({ title: 'bob', unread: 0 });
    });

    it('count as unread what comes after the last that was read', async () => {
      const room = await direct();
      for (const text of ['1', '2', '3']) await outcomeOf(ada.messenger.send(room, text));
      const unread = () => bob.messenger.conversation(room)?.unread;
      const read = async (upTo: number) => {
        const marked = bob.messenger.markRead(room, upTo as Seq);
        await rig.settle();
        await marked;
      };
      await read(3);
      expect(unread()).toBe(1);
      await read(2);
      expect(unread()).toBe(1);
      await read(99);
      expect(unread()).toBe(0);
      await outcomeOf(ada.messenger.send(room, '4'));
      expect(unread()).toBe(1);
      bob.crash();
      await bob.boot();
      expect(unread()).toBe(1);
      expect(bob.messenger.conversation(room)?.read).toBe(4);
    });

    it('are made of many at once, and change with them', async () => {
      for (const name of ['cyd', 'dan']) await rig.chat.signIn(name);
      const made = await outcomeOf(ada.messenger.createGroup('tea', ['bob', 'cyd']));
      const group = (made as Extract<Outcome, { kind: 'sent' }>).conversation;
      await outcomeOf(ada.messenger.invite(group, ['dan']));
      await outcomeOf(ada.messenger.remove(group, ['cyd', 'dan']));
      expect(ada.messenger.conversation(group)?.members).toEqual(['ada', 'bob']);
      const plain = async (device: Device) =>
        (await device.messenger.history({ conversation: group })).map(({ seq, content }) => ({ seq, content }));
      expect(await plain(ada)).toEqual(await plain(bob));
      expect((await plain(ada)).map(({ content }) => content)).toMatchObject([
        { change: 'created', users: ['ada', 'bob', 'cyd'] },
        { change: 'added', users: ['dan'] },
        { change: 'removed', users: ['cyd', 'dan'] },
      ]);
    });

    it('read on one device are read on the other from its next connection, and the sender sees it', async () => {
      const tablet = await rig.online('bob');
      const room = await direct();
      for (const text of ['1', '2', '3']) await outcomeOf(ada.messenger.send(room, text));
      const unread = () => [bob, tablet].map((device) => device.messenger.conversation(room)?.unread);
      expect(unread()).toEqual([3, 3]);
      const marked = bob.messenger.markRead(room, 3 as Seq);
      await rig.settle(5000);
      await marked;
      tablet.cut();
      await rig.settle(20_000);
      expect(unread()).toEqual([1, 1]);
      expect(ada.messenger.receipts(room)).toEqual([{ user: 'bob', delivered: 4, read: 3 }]);
    });

    it('read offline, or while another device was away, are read everywhere in the end', async () => {
      const tablet = await rig.online('bob');
      const room = await direct();
      tablet.messenger.stop();
      for (const text of ['1', '2', '3']) await outcomeOf(ada.messenger.send(room, text));
      bob.messenger.stop();
      const marked = bob.messenger.markRead(room, 99 as Seq);
      await rig.settle();
      await marked;
      bob.crash();
      (await bob.boot()).start();
      await rig.settle(5000);
      expect(ada.messenger.receipts(room)).toEqual([{ user: 'bob', delivered: 4, read: 4 }]);
      tablet.messenger.start();
      await rig.settle(5000);
      expect(tablet.messenger.conversation(room)).toMatchObject({ unread: 0, read: 4, last: { seq: 4 } });
    });

    it('tell who is typing', async () => {
      const room = await direct();
      const heard: unknown[] = [];
      bob.messenger.on('typing', (typing) => heard.push(typing));
      ada.messenger.typing(room);
      await rig.settle(1000);
      await outcomeOf(ada.messenger.send(room, 'there'));
      expect(heard).toEqual([
        { conversation: room, user: 'ada', active: true },
        { conversation: room, user: 'ada', active: false },
      ]);
    });

    it('can be paged and searched', async () => {
      const room = await direct();
      for (const text of ['one', 'two', 'three', 'Two more']) await outcomeOf(ada.messenger.send(room, text));
      const page = await bob.messenger.history({ conversation: room, limit: 2, before: 5 as Seq });
      expect(page.map(({ seq }) => seq)).toEqual([3, 4]);
      const onwards = await bob.messenger.history({ conversation: room, limit: 2, after: 1 as Seq });
      expect(onwards.map(({ seq }) => seq)).toEqual([2, 3]);
      const { found, next } = await bob.messenger.search({ text: 'TWO' });
      expect(found.map(({ content }) => content)).toEqual([
        { kind: 'text', text: 'Two more' },
        { kind: 'text', text: 'two' },
      ]);
      expect(next).toBeNull();
      expect((await bob.messenger.search({ text: 'created' })).found).toEqual([]);
    });

    it('are the same on two devices of one user, whichever wrote', async () => {
      const tablet = await rig.online('ada');
      tablet.server = 1;
      tablet.cut();
      const room = await direct();
      await rig.settle(20_000);
      const made = await outcomeOf(tablet.messenger.createGroup('tea'));
      const group = (made as Extract<Outcome, { kind: 'sent' }>).conversation;
      await outcomeOf(tablet.messenger.invite(group, ['bob']));
      await outcomeOf(ada.messenger.send(room, 'from the phone'));
      await outcomeOf(tablet.messenger.send(room, 'from the tablet'));
      await outcomeOf(bob.messenger.send(room, 'from bob'));
      await outcomeOf(bob.messenger.leave(group));
      await outcomeOf(ada.messenger.leave(group));
      for (const conversation of [room, group]) {
        const [here, there] = await Promise.all(
          [ada, tablet].map((device) => device.messenger.history({ conversation })),
        );
        const plain = (items: typeof here) => items!.map(({ id: _, ...item }) => item);
        expect(plain(here)).toEqual(plain(there));
      }
      const shown = (device: Device) =>
        device.messenger.conversations().map(({ last: _, ...conversation }) => conversation);
      expect(shown(ada)).toEqual(shown(tablet));
      expect((await bob.messenger.history({ conversation: group })).at(-1)).toMatchObject({
        content: { change: 'left', users: ['bob'] },
      });
    });

    it('say once what has expired while one was away, and go on behind it', async () => {
      rig = await createMessengerRig({ encryption, settings: { expiryMs: 60_000, expiryEveryMs: 1000 } });
      [ada, bob] = [await rig.online('ada'), await rig.online('bob')];
      const room = await direct();
      bob.messenger.stop();
      for (const text of ['a', 'b']) await outcomeOf(ada.messenger.send(room, text));
      await rig.settle(70_000);
      const heard: unknown[] = [];
      const listen = () => bob.messenger.on('expired', (what) => heard.push(what));
      listen();
      bob.messenger.start();
      await rig.settle();
      const gap = { from: 2, to: 3, missed: 2 };
      expect(heard).toEqual([{ conversation: room, ...gap }]);
      expect(bob.items.at(-1)).toMatchObject({ seq: 3, sender: '', content: { kind: 'expired', ...gap } });
      expect(bob.messenger.conversation(room)).toMatchObject({ unread: 0, last: { content: gap } });
      bob.crash();
      await bob.boot();
      listen();
      bob.messenger.start();
      await outcomeOf(ada.messenger.send(room, 'c'));
      expect(heard).toHaveLength(1);
      expect(await textsOf(bob, room)).toEqual(['c']);
      const kept = await bob.messenger.history({ conversation: room });
      expect(kept.map(({ seq, content }) => `${seq} ${content.kind}`)).toEqual(['1 membership', '3 expired', '4 text']);
      await rig.within(bob.messenger.markRead(room, 3 as Seq));
      expect(bob.messenger.conversation(room)).toMatchObject({ unread: 1 });
      expect(rig.errors).toEqual([]);
    });

    it('with somebody who has deleted the account are over, and keep the name', async () => {
      const room = await direct();
      await outcomeOf(ada.messenger.send(room, 'hello'));
      const { token } = bob.disk.account!;
      const body = JSON.stringify({ password: 'correct horse' });
      const path = '/v1/users/me';
      await rig.chat.servers[0]!.http({ method: 'DELETE', path, token: token!, body, remote: '10.0.0.1' });
      await rig.settle(20_000);
      expect(ada.messenger.conversation(room)).toMatchObject({
        title: 'bob',
        isMember: false,
        members: [],
        last: { content: { kind: 'membership', change: 'ended', users: ['bob', 'ada'] } },
      });
      expect(await outcomeOf(ada.messenger.send(room, 'still there?'))).toMatchObject({ kind: 'failed' });
      ada.crash();
      expect((await ada.boot()).conversation(room)?.title).toBe('bob');
    });

    it('opened by both at once are one, with one beginning', async () => {
      bob.server = 1;
      bob.cut();
      await rig.settle(20_000);
      const both = [ada.messenger.openDirect('bob'), bob.messenger.openDirect('ada')];
      const [first, second] = await Promise.all(both.map(outcomeOf));
      expect(first).toMatchObject({ kind: 'sent', seq: 1 });
      expect(second).toMatchObject({ kind: 'sent', seq: 1 });
      const { conversation } = first as Extract<Outcome, { kind: 'sent' }>;
      const plain = async (device: Device) =>
        (await device.messenger.history({ conversation })).map(({ sender, seq, content }) => ({
          sender,
          seq,
          content,
        }));
      expect(await plain(ada)).toEqual(await plain(bob));
      expect(await outcomeOf(ada.messenger.openDirect('bob'))).toMatchObject({ conversation, seq: 1 });
      expect(await plain(ada)).toHaveLength(1);
    });
  });

  describe('an account', () => {
    it('stays the same device when it signs in again, and goes on with its client ids', async () => {
      const room = await direct();
      const before = ada.messenger.me;
      const out = ada.messenger.signOut();
      await rig.settle();
      expect(await out).toEqual({ kind: 'ok', value: null });
      expect(() => ada.messenger.start()).toThrow('Nobody is signed in on this local database;');
      const waiting = ada.messenger.send(room, 'written while signed out');
      const signed = ada.messenger.signIn({ name: 'ada', password: 'correct horse' });
      await rig.settle();
      expect(await signed).toEqual({ kind: 'ok', value: before });
      ada.messenger.start();
      expect(await outcomeOf(waiting)).toMatchObject({ kind: 'sent' });
      expect(waiting.id).toBe(2);
      expect(await textsOf(bob, room)).toEqual(['written while signed out']);
    });

    it('says when its token has ended, and that it waits for a new one', async () => {
      const token = ada.disk.account!.token!;
      await rig.chat.servers[0]!.http({ method: 'DELETE', path: '/v1/sessions', token, body: '', remote: '10.0.0.1' });
      ada.cut();
      await rig.settle(20_000);
      expect(ada.messenger.state).toMatchObject({ connection: 'offline', trouble: 'signInAgain' });
    });

    it('keeps its database to itself', async () => {
      await expect(ada.messenger.signIn({ name: 'bob', password: 'correct horse' })).rejects.toThrow(
        'This local database belongs to ada; sign in as ada, or open another one for bob.',
      );
    });

    it('hears the servers’ refusals as they are', async () => {
      const device = rig.device();
      const messenger = await device.boot();
      const wrong = messenger.signIn({ name: 'ada', password: 'wrong password' });
      await rig.settle();
      expect(await wrong).toMatchObject({ kind: 'refused', code: 'unauthenticated' });
      const taken = messenger.signUp({ name: 'ADA', password: 'correct horse' });
      await rig.settle();
      expect(await taken).toMatchObject({ kind: 'refused', code: 'nameTaken' });
      expect(messenger.me).toBeNull();
    });
  });

  describe('a messenger', () => {
    it('answers what is open when it is closed, and nothing afterwards', async () => {
      const room = await direct();
      ada.messenger.stop();
      const asked = ada.messenger.send(room, 'x');
      const closed = ada.messenger.close();
      await rig.settle();
      await closed;
      expect(await asked.outcome).toEqual({ kind: 'unanswered' });
      expect(() => ada.messenger.send(room, 'y')).toThrow('This messenger is closed; open its local database again.');
      await ada.messenger.close();
    });

    it.runIf(encryption === 'none')('takes no more in than its disk keeps up with, and misses nothing', async () => {
      const room = await direct();
      const writer = rig.chat.connect(await rig.chat.signIn('ada', 'writer'));
      let connections = 0;
      bob.says = (frame) => void (frame.type === 'hello' && connections++);
      bob.diskMs = 20_000;
      const total = messengerLimits.arrivalsMax + 500;
      for (let i = 1; i <= total; i++) {
        writer.send({ type: 'send', clientId: i, conversation: room, epoch: 0, payload: 'AAAA' });
        if (i % 1000 === 0) await rig.settle(100);
      }
      await rig.settle(5000);
      expect(bob.messenger.state.connection).toBe('offline');
      await rig.settle(400_000);
      expect(bob.messenger.state.connection).toBe('online');
      expect(connections).toBeGreaterThanOrEqual(1);
      expect(bob.messenger.conversation(room)).toMatchObject({ unread: total, last: { seq: total + 1 } });
      expect(bob.items.filter(({ content }) => content.kind !== 'membership')).toHaveLength(total);
    });

    it('is not stopped by a listener that throws, and calls none that was taken off', async () => {
      const room = await direct();
      let calls = 0;
      bob.messenger.on('item', () => {
        throw new Error('listener');
      });
      const off = bob.messenger.on('item', () => calls++);
      await outcomeOf(ada.messenger.send(room, 'x'));
      off();
      await outcomeOf(ada.messenger.send(room, 'y'));
      expect(calls).toBe(1);
      expect(await textsOf(bob, room)).toEqual(['x', 'y']);
      expect(rig.errors).toEqual(['A listener of the messenger failed.', 'A listener of the messenger failed.']);
    });
  });
});
