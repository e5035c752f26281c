import { beforeEach, describe, expect, it } from 'vitest';
import { type Chat, createChat } from '../../../../src/system/apps/shared/chat.ts';
import {
  conversationOf,
  type Mark,
  markOf,
  othersOf,
  waitingIn,
} from '../../../../src/system/apps/shared/chat-state.ts';
import type { ConversationId } from '../../../../src/system/apps/shared/messenger.ts';
import { createMessengerRig, type Device, type MessengerRig } from '../../../helpers/messenger-rig.ts';

let rig: MessengerRig;
let ada: Device;
let bob: Device;
let chat: Chat;
let room: ConversationId;

beforeEach(async () => {
  rig = await createMessengerRig();
  ada = await rig.online('ada');
  bob = await rig.online('bob');
  const { outcome } = ada.messenger.openDirect('bob');
  await rig.settle();
  const opened = await outcome;
  if (opened.kind !== 'sent') throw new Error(JSON.stringify(opened));
  room = opened.conversation;
  chat = chatOf(ada);
});

function chatOf(device: Device, page = 100): Chat {
  return createChat(device.messenger, { page, soon: (call) => void rig.chat.clock.after(16, call) });
}

function texts(of: Chat): readonly string[] {
  return (of.state.open?.items ?? []).flatMap(({ content }) => (content.kind === 'text' ? [content.text] : []));
}

function marks(): readonly (Mark | null)[] {
  const { open } = chat.state;
  if (!open) return [];
  const others = othersOf(conversationOf(chat.state, open.id)!, chat.state.me).length;
  return open.items.map((item) => markOf(item, open, others));
}

describe('the state of a chat', () => {
  it('has what is written to the open conversation, in order and each once, also while it is being opened', async () => {
    bob.messenger.send(room, 'one');
    await rig.settle();
    const opening = chat.open(room);
    bob.messenger.send(room, 'two');
    await rig.settle();
    await opening;
    ada.messenger.send(room, 'three');
    await rig.settle();
    expect(texts(chat)).toEqual(['one', 'two', 'three']);
  });

  it('tells an own message as waiting, sent, delivered and read, as it is', async () => {
    await chat.open(room);
    ada.server = null;
    bob.server = null;
    ada.cut();
    bob.cut();
    await rig.settle();
    ada.messenger.send(room, 'are you there?');
    await rig.settle();
    expect(chat.state.state).toMatchObject({ connection: 'connecting', waiting: 1 });
    expect(waitingIn(chat.state)).toHaveLength(1);
    ada.server = 0;
    await rig.settle(20_000);
    expect(waitingIn(chat.state)).toHaveLength(0);
    expect(marks().at(-1)).toBe('sent');
    bob.server = 0;
    await rig.settle(20_000);
    expect(marks().at(-1)).toBe('delivered');
    void bob.messenger.markRead(room, bob.messenger.conversation(room)!.last!.seq);
    await rig.settle();
    expect(marks().at(-1)).toBe('read');
  });

  it('counts what is unread until it is read', async () => {
    for (const text of ['one', 'two']) bob.messenger.send(room, text);
    await rig.settle();
    expect(conversationOf(chat.state, room)?.unread).toBe(2);
    await chat.open(room);
    void chat.read();
    await rig.settle();
    expect(conversationOf(chat.state, room)?.unread).toBe(0);
  });

  it('brings older entries page by page to the beginning', async () => {
    const said = Array.from({ length: 25 }, (_, i) => `message ${i}`);
    for (const text of said) bob.messenger.send(room, text);
    await rig.settle(2000);
    const paged = chatOf(ada, 10);
    await paged.open(room);
    expect(texts(paged)).toEqual(said.slice(15));
    await Promise.all([paged.older(), paged.older()]);
    expect(texts(paged)).toEqual(said.slice(5));
    await paged.backTo(paged.state.open!.items[0]!.seq);
    expect(texts(paged)).toEqual(said.slice(5));
    await paged.older();
    expect(texts(paged)).toEqual(said);
    expect(paged.state.open?.hasOlder).toBe(false);
  });

  it('lets go of what is far above and brings it back when it is wanted', async () => {
    const said = Array.from({ length: 40 }, (_, i) => `message ${i}`);
    const paged = chatOf(ada, 10);
    await paged.open(room);
    for (const text of said) bob.messenger.send(room, text);
    await rig.settle(2000);
    paged.trim();
    expect(texts(paged)).toEqual(said.slice(30));
    await paged.older();
    expect(texts(paged)).toEqual(said.slice(20));
  });

  it('knows who is typing, until they have written or the connection is lost', async () => {
    await chat.open(room);
    bob.messenger.typing(room);
    await rig.settle();
    expect(chat.state.typists).toEqual([{ conversation: room, user: 'bob' }]);
    bob.messenger.send(room, 'done');
    await rig.settle();
    expect(chat.state.typists).toEqual([]);
    bob.messenger.typing(room);
    await rig.settle(4000);
    bob.messenger.typing(room);
    await rig.settle();
    expect(chat.state.typists).toHaveLength(1);
    ada.cut();
    await rig.settle(17);
    expect(chat.state.typists).toEqual([]);
  });

  it('tells many changes that come together once', async () => {
    await chat.open(room);
    await rig.settle();
    let told = 0;
    chat.subscribe(() => told++);
    ada.cut();
    for (let i = 0; i < 50; i++) bob.messenger.send(room, `message ${i}`);
    await rig.settle(20_000);
    expect(texts(chat)).toHaveLength(50);
    expect(told).toBeLessThan(25);
  });
});
