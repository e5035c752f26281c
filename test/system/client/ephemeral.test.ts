import { beforeEach, describe, expect, it } from 'vitest';
import type { ClientSession, SessionHandlers, SessionSettings } from '../../../src/system/client/contract.ts';
import { createSession } from '../../../src/system/client/session.ts';
import type { MessageEntry } from '../../../src/system/protocol/frames.ts';
import type { ClientId, ConversationId, DeviceId, Seq, UserName } from '../../../src/system/protocol/ids.ts';
import { limits } from '../../../src/system/protocol/limits.ts';
import { createSeededRandom } from '../../../src/system/seeded-random.ts';
import { createManualClock, type ManualClock } from '../../helpers/manual-clock.ts';
import { createScriptedServer, flawless, myDevice } from './scripted-server.ts';

const room = 1 as ConversationId;
const bob = 'bob' as UserName;
const upTo = (seq: number) => seq as Seq;

let clock: ManualClock;
let server: ReturnType<typeof createScriptedServer>;
let heard: string[];

const hearers: SessionHandlers = {
  receipt: ({ user, delivered, read }) => heard.push(`${user} has ${delivered}, read ${read}`),
  presence: ({ user, online, at }) => heard.push(`${user} is ${online ? 'online' : 'gone'} at ${at}`),
  typing: ({ conversation, user, active }) => heard.push(`${user} ${active ? 'types' : 'stops'} in ${conversation}`),
};

function newSession(settings: Partial<SessionSettings> = {}): ClientSession {
  return createSession(
    { clock, random: createSeededRandom(1), log: { write: () => {} }, transport: server.transport },
    { token: 't', device: myDevice, backoffBaseMs: 100, backoffMaxMs: 1000, ackDelayMs: 20, ...settings },
    hearers,
  );
}

async function goOnline(session: ClientSession): Promise<void> {
  session.start();
  await clock.advance(1);
}

function frames(type: string): unknown[] {
  return server.received.filter((frame) => frame.type === type);
}

beforeEach(() => {
  clock = createManualClock();
  server = createScriptedServer({ clock, random: { ...createSeededRandom(2), next: () => 0.99 } }, { now: flawless });
  heard = [];
});

describe('receipts of a session', () => {
  it('are asked for only when wanted', async () => {
    await goOnline(newSession());
    expect(frames('hello')[0]).not.toHaveProperty('receipts');
    await goOnline(newSession({ receipts: true }));
    expect(frames('hello')[1]).toMatchObject({ receipts: true });
  });

  it('what was read is said once for many, and not again', async () => {
    const session = newSession();
    await goOnline(session);
    for (const seq of [1, 2, 5, 3]) session.read(room, upTo(seq));
    await clock.advance(30);
    session.read(room, upTo(5));
    await clock.advance(30);
    expect(frames('read')).toEqual([{ type: 'read', conversation: 1, upTo: 5 }]);
  });

  it('what was read offline is said when the server is ready, and the last of it again after a reconnect', async () => {
    const session = newSession();
    session.read(room, upTo(2));
    await clock.advance(30);
    await goOnline(session);
    expect(frames('read')).toEqual([{ type: 'read', conversation: 1, upTo: 2 }]);
    server.cut();
    await clock.advance(2000);
    expect(session.state).toBe('online');
    expect(frames('read')).toEqual([
      { type: 'read', conversation: 1, upTo: 2 },
      { type: 'read', conversation: 1, upTo: 2 },
    ]);
    session.stop();
    expect(clock.pending).toBe(0);
  });

  it('of hundreds of conversations only the latest are said again', async () => {
    const session = newSession();
    await goOnline(session);
    for (let id = 1; id <= 200; id++) session.read(id as ConversationId, upTo(1));
    await clock.advance(30);
    server.cut();
    await clock.advance(2000);
    expect(frames('read')).toHaveLength(264);
    expect(frames('read').at(-1)).toMatchObject({ conversation: 200 });
  });

  it('are told to the application when something has moved, never back', async () => {
    await goOnline(newSession({ receipts: true }));
    for (const [delivered, read] of [
      [3, 1],
      [3, 1],
      [2, 2],
      [5, 2],
      [1, 1],
    ] as const) {
      server.say({ type: 'receipt', conversation: room, user: bob, delivered: upTo(delivered), read: upTo(read) });
    }
    await clock.advance(1);
    expect(heard).toEqual(['bob has 3, read 1', 'bob has 3, read 2', 'bob has 5, read 2']);
  });
});

describe('typing of a session', () => {
  it('is said at the first key, then now and then, and only while connected', async () => {
    const session = newSession();
    session.typing(room);
    await goOnline(session);
    for (let i = 0; i < 40; i++) {
      session.typing(room);
      await clock.advance(limits.typingRepeatMs / 20);
    }
    expect(frames('typing')).toEqual([
      { type: 'typing', conversation: 1 },
      { type: 'typing', conversation: 1 },
    ]);
    session.typing(2 as ConversationId);
    await clock.advance(1);
    expect(frames('typing').at(-1)).toEqual({ type: 'typing', conversation: 2 });
  });

  it('of others ends by itself, by what they send, and with the connection', async () => {
    const session = newSession({ typing: true });
    await goOnline(session);
    expect(frames('hello')[0]).toMatchObject({ typing: true });
    await othersType(1, 2);
    expect(heard.splice(0)).toEqual(['bob types in 1', 'bob types in 2']);
    await clock.advance(limits.typingLifeMs - 10);
    await othersType(2);
    await clock.advance(20);
    expect(heard.splice(0)).toEqual(['bob stops in 1']);
    await othersType(1);
    server.say({ ...entryOf(bob), conversation: 2 as ConversationId });
    await clock.advance(1);
    expect(heard.splice(0)).toEqual(['bob types in 1', 'bob stops in 2']);
    session.stop();
    expect(heard).toEqual(['bob stops in 1']);
    await clock.advance(1);
    expect(clock.pending).toBe(0);
  });
});

describe('presence of a session', () => {
  it('the list is said when it is asked for, and again after a reconnect; an empty one ends it', async () => {
    const session = newSession();
    session.watch([bob]);
    await goOnline(session);
    session.watch([bob, 'cleo' as UserName, bob]);
    await clock.advance(1);
    expect(frames('presence')).toEqual([
      { type: 'presence', watch: ['bob'] },
      { type: 'presence', watch: ['bob', 'cleo'] },
    ]);
    server.cut();
    await clock.advance(2000);
    expect(frames('presence').slice(2)).toEqual([{ type: 'presence', watch: ['bob', 'cleo'] }]);
    session.watch([]);
    await clock.advance(1);
    server.cut();
    await clock.advance(2000);
    expect(frames('presence').slice(3)).toEqual([{ type: 'presence', watch: [] }]);
  });

  it('a list that is too long is cut, not refused for ever', async () => {
    const session = newSession();
    session.watch(Array.from({ length: limits.presenceWatchMax + 5 }, (_, i) => `user${i}` as UserName));
    await goOnline(session);
    expect(frames('presence')[0]).toMatchObject({ watch: { length: limits.presenceWatchMax } });
  });

  it('is told to the application user by user', async () => {
    await goOnline(newSession());
    const cleo = 'cleo' as UserName;
    server.say({
      type: 'presence',
      users: [
        { user: bob, online: true, at: 5 },
        { user: cleo, online: false, at: 0 },
      ],
    });
    await clock.advance(1);
    expect(heard).toEqual(['bob is online at 5', 'cleo is gone at 0']);
  });
});

async function othersType(...conversations: number[]): Promise<void> {
  for (const conversation of conversations) {
    server.say({ type: 'typing', conversation: conversation as ConversationId, user: bob });
  }
  await clock.advance(1);
}

function entryOf(sender: UserName): MessageEntry {
  const ids = { device: 8 as DeviceId, clientId: 1 as ClientId };
  return { type: 'message', conversation: room, seq: upTo(1), at: 1, sender, ...ids, epoch: 0, payload: '' };
}
