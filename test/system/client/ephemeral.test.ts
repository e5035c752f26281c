import { beforeEach, describe, expect, it } from 'vitest';
import type { ClientSession, SessionHandlers, SessionSettings } from '../../../src/system/client/contract.ts';
import { createSession } from '../../../src/system/client/session.ts';
import type { ConversationId, Seq, UserName } from '../../../src/system/protocol/ids.ts';
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
