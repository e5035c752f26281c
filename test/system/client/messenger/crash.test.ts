import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../../src/system/client/messenger/contract.ts';
import type { ConversationId } from '../../../../src/system/protocol/ids.ts';
import { createCountingSealing, type SealingRecord } from '../../../helpers/counting-sealing.ts';
import { createMessengerRig, type Device, type MessengerRig, textsOf } from '../../../helpers/messenger-rig.ts';

async function open(): Promise<{
  rig: MessengerRig;
  ada: Device;
  bob: Device;
  room: ConversationId;
  record: SealingRecord;
}> {
  const record: SealingRecord = { repeated: [] };
  const rig = await createMessengerRig({ sealing: createCountingSealing(record) });
  const [ada, bob] = [await rig.online('ada'), await rig.online('bob')];
  const asked = ada.messenger.openDirect('bob');
  await rig.settle();
  const { conversation: room } = (await asked.outcome) as Extract<Outcome, { kind: 'sent' }>;
  return { rig, ada, bob, room, record };
}

async function restart({ rig, device }: { rig: MessengerRig; device: Device }): Promise<void> {
  const messenger = await device.boot();
  messenger.start();
  await rig.settle(20_000);
}

describe('a device that ends without a word', () => {
  it('sends what was written offline once it is back, once and in order', async () => {
    const { rig, ada, bob, room, record } = await open();
    ada.messenger.stop();
    for (const text of ['a', 'b', 'c']) ada.messenger.send(room, text);
    await rig.settle();
    ada.crash();
    await restart({ rig, device: ada });
    expect(await textsOf(bob, room)).toEqual(['a', 'b', 'c']);
    expect(await textsOf(ada, room)).toEqual(['a', 'b', 'c']);
    expect(ada.messenger.state.waiting).toBe(0);
    expect(record).toEqual({ repeated: [] });
  });

  it('finds out with the same client id what became of a message whose answer was lost', async () => {
    const { rig, ada, bob, room } = await open();
    ada.lets = (frame) => {
      if (frame.type === 'accepted') ada.server = null;
      return frame.type !== 'accepted';
    };
    const { id } = ada.messenger.send(room, 'did it arrive?');
    await rig.settle();
    expect(await textsOf(bob, room)).toEqual(['did it arrive?']);
    ada.crash();
    ada.lets = () => true;
    ada.server = 1;
    const heard: unknown[] = [];
    const messenger = await ada.boot();
    expect(messenger.waiting(room)).toMatchObject([{ id, state: { kind: 'queued' } }]);
    messenger.on('operation', ({ id: of, state }) => heard.push([of, state.kind]));
    messenger.start();
    await rig.settle(20_000);
    expect(heard).toEqual([[id, 'sent']]);
    expect(await textsOf(bob, room)).toEqual(['did it arrive?']);
    expect(await textsOf(ada, room)).toEqual(['did it arrive?']);
  });

  it('gets again what it had not stored, and shows it once', async () => {
    const { rig, ada, bob, room, record } = await open();
    ada.crashAtWrite(0, 'before');
    bob.messenger.send(room, 'hello');
    await rig.settle();
    expect(ada.isDead).toBe(true);
    expect(ada.items.filter(({ content }) => content.kind === 'text')).toEqual([]);
    await restart({ rig, device: ada });
    expect(ada.items.map(({ content }) => content)).toEqual([{ kind: 'text', text: 'hello' }]);
    expect(await textsOf(ada, room)).toEqual(['hello']);
    expect(record).toEqual({ repeated: [] });
  });

  it('does not show again what it had stored and not acknowledged', async () => {
    const { rig, ada, bob, room, record } = await open();
    ada.crashAtWrite(0, 'after');
    bob.messenger.send(room, 'hello');
    await rig.settle();
    expect(ada.isDead).toBe(true);
    await restart({ rig, device: ada });
    expect(ada.items).toEqual([]);
    expect(await textsOf(ada, room)).toEqual(['hello']);
    expect(ada.messenger.conversation(room)?.unread).toBe(1);
    expect(record).toEqual({ repeated: [] });
  });

  it('acknowledges nothing that is not on its disk', async () => {
    const { rig, ada, bob, room } = await open();
    const acks: number[] = [];
    ada.says = (frame) => void (frame.type === 'ack' && acks.push(frame.upTo));
    bob.messenger.send(room, 'one');
    await rig.settle(1000);
    expect(acks).toEqual([2]);
    ada.diskMs = 3000;
    bob.messenger.send(room, 'two');
    await rig.settle(2900);
    expect(acks).toEqual([2]);
    await rig.settle(1000);
    expect(acks).toEqual([2, 3]);
  });

  it('answers each message once, if the answer and its mark are one write', async () => {
    const { rig, ada, bob, room } = await open();
    const echo = (device: Device) => {
      for (const { id, read } of device.messenger.conversations()) {
        void device.messenger.history({ conversation: id, after: read }).then((items) => {
          for (const { isOwn, seq, content } of items) {
            if (!isOwn && content.kind === 'text') device.messenger.send(id, `re: ${content.text}`, { readUpTo: seq });
          }
        });
      }
    };
    ada.messenger.send(room, 'x');
    await rig.settle();
    for (const when of ['before', 'after'] as const) {
      bob.crashAtWrite(0, when);
      echo(bob);
      await rig.settle();
      expect(bob.isDead).toBe(true);
      await restart({ rig, device: bob });
    }
    echo(bob);
    await rig.settle(20_000);
    expect(await textsOf(ada, room)).toEqual(['x', 're: x']);
  });
});

describe('a message that was sealed under keys that are over', () => {
  it('is sealed anew and sent with the same id, once', async () => {
    const { rig, ada, bob, room, record } = await open();
    const keeper = rig.chat.connect(await rig.chat.signIn('bob', 'keeper'));
    await rig.settle();
    const sent: { clientId: number; epoch: number }[] = [];
    ada.says = (frame) => void (frame.type === 'send' && sent.push({ clientId: frame.clientId, epoch: frame.epoch }));
    // The change of keys and the message are under way at the same time.
    ada.server = 1;
    ada.cut();
    await rig.settle(20_000);
    rig.chat.loseHints(true);
    keeper.send({ type: 'commit', clientId: 1, conversation: room, keys: { epoch: 0 } });
    await rig.settle(0);
    rig.chat.loseHints(false);
    const asked = ada.messenger.send(room, 'hello');
    await rig.settle(30_000);
    expect(await asked.outcome).toMatchObject({ kind: 'sent' });
    expect(sent).toEqual([
      { clientId: asked.id, epoch: 0 },
      { clientId: asked.id, epoch: 1 },
    ]);
    expect(await textsOf(bob, room)).toEqual(['hello']);
    expect(record).toEqual({ repeated: [] });
  });
});

describe('a database that fails', () => {
  it('stops the messenger, which says why; nothing of it is lost', async () => {
    const { rig, ada, bob, room } = await open();
    const reasons: string[] = [];
    ada.messenger.on('broken', ({ message }) => reasons.push(message));
    ada.failWrites = 'There is no room left for the local database.';
    bob.messenger.send(room, 'hello');
    await rig.settle(1000);
    expect(reasons).toEqual(['There is no room left for the local database.']);
    expect(ada.messenger.state).toMatchObject({ connection: 'offline', trouble: 'broken' });
    await expect(Promise.all([ada.messenger.send(room, 'x'), ada.messenger.saved()])).rejects.toThrow('no room left');
    ada.failWrites = null;
    const closed = ada.messenger.close();
    await rig.settle();
    await closed;
    await restart({ rig, device: ada });
    expect(await textsOf(ada, room)).toEqual(['hello']);
  });
});
