import { beforeEach, describe, expect, it } from 'vitest';
import type { ClientSession, SessionHandlers, SessionSettings } from '../../../src/system/client/contract.ts';
import { createSession } from '../../../src/system/client/session.ts';
import type { Entry } from '../../../src/system/protocol/frames.ts';
import type { BundleId, ClientId, ConversationId, DeviceId, Seq, UserName } from '../../../src/system/protocol/ids.ts';
import { limits } from '../../../src/system/protocol/limits.ts';
import { createSeededRandom } from '../../../src/system/seeded-random.ts';
import { createManualClock, type ManualClock } from '../../helpers/manual-clock.ts';
import { createScriptedServer, flawless, me, myDevice } from './scripted-server.ts';

const room = 1 as ConversationId;

let clock: ManualClock;
let server: ReturnType<typeof createScriptedServer>;
let session: ClientSession;
let heard: string[];

/** Every event of a session as one line. */
const hearers: SessionHandlers = {
  state: (state) => heard.push(state),
  dialling: (attempt) => heard.push(`dialling ${attempt}`),
  disconnected: ({ code }) => heard.push(`disconnected ${code}`),
  invoked: ({ op, users }) => heard.push(['invoked', op, ...users].join(' ')),
  sent: ({ clientId, again }) => heard.push(`sent ${clientId}${again ? ' again' : ''}`),
  accepted: ({ clientId, seq }) => heard.push(`accepted ${clientId} at ${seq}`),
  refused: ({ clientId, code }) => heard.push(`refused ${clientId}: ${code}`),
  wire: ({ seq }) => heard.push(`wire ${seq}`),
  entry: ({ seq }) => heard.push(`entry ${seq}`),
  expired: ({ from, to, missed }) => heard.push(`expired ${from}-${to} (${missed})`),
  acked: ({ conversation, upTo }) => heard.push(`acked ${conversation}:${upTo}`),
};

function newSession(settings: Partial<SessionSettings> = {}): ClientSession {
  return createSession(
    { clock, random: createSeededRandom(1), log: { write: () => {} }, transport: server.transport },
    { token: 't', device: myDevice, backoffBaseMs: 100, backoffMaxMs: 1000, ackDelayMs: 20, ...settings },
    hearers,
  );
}

beforeEach(() => {
  clock = createManualClock();
  server = createScriptedServer({ clock, random: { ...createSeededRandom(2), next: () => 0.99 } }, { now: flawless });
  heard = [];
  session = newSession();
});

async function goOnline(): Promise<void> {
  session.start();
  await clock.advance(1);
  heard.length = 0;
}

function frames(type: string): unknown[] {
  return server.received.filter((frame) => frame.type === type);
}

function membership(seq: number, change: 'created' | 'added', users: string[], device = 8): Entry {
  return {
    type: 'membership',
    conversation: room,
    seq: seq as Seq,
    at: 1,
    sender: 'other' as UserName,
    device: device as DeviceId,
    clientId: 1 as ClientId,
    change,
    users: users as UserName[],
    admin: null,
  };
}

describe('the connection of a session', () => {
  it('goes through its states and says goodbye', async () => {
    session.start();
    await clock.advance(1);
    session.stop();
    expect(heard).toEqual(['connecting', 'dialling 1', 'catchingUp', 'online', 'disconnected 1000', 'offline']);
    expect(clock.pending).toBe(0);
  });

  it('comes back after a loss, later and later while it fails, and starts over after a success', async () => {
    await goOnline();
    const open = server.transport.open;
    server.cut();
    Object.assign(server.transport, {
      open: (_path: string, handlers: { closed(code: number, reason: string): void }) => {
        clock.after(1, () => handlers.closed(1006, 'nobody there'));
        return { remote: '', bufferedBytes: 0, send: () => {}, close: () => {}, terminate: () => {} };
      },
    });
    await clock.advance(3000);
    expect(heard.filter((line) => line.startsWith('dialling')).slice(0, 4)).toEqual([
      'dialling 1',
      'dialling 2',
      'dialling 3',
      'dialling 4',
    ]);
    Object.assign(server.transport, { open });
    await clock.advance(2000);
    expect(session.state).toBe('online');
    server.cut();
    await clock.advance(200);
    expect(heard.filter((line) => line.startsWith('dialling')).at(-1)).toBe('dialling 1');
  });

  it.each([4001, 4009])('does not come back by itself after a close with %i', async (code) => {
    await goOnline();
    server.close(code, 'no');
    await clock.advance(60_000);
    expect(heard).toEqual([`disconnected ${code}`, 'offline']);
    expect(clock.pending).toBe(0);
  });

  it('pings only when it has nothing else to say', async () => {
    await goOnline();
    await clock.advance(700);
    session.send(room, 'abc');
    await clock.advance(700);
    expect(frames('ping')).toHaveLength(0);
    await clock.advance(100);
    expect(frames('ping')).toHaveLength(1);
    await clock.advance(10_000);
    expect(frames('ping').length).toBeGreaterThan(10);
    expect(heard).not.toContain('disconnected 4002');
  });

  it('gives a server up that is silent for two heartbeats, and one that never answers', async () => {
    await goOnline();
    const silent = { remote: '', bufferedBytes: 0, send: () => {}, close: () => {}, terminate: () => {} };
    server.mute();
    Object.assign(server.transport, { open: () => silent });
    await clock.advance(2001);
    expect(heard).toContain('disconnected 4002');
    heard.length = 0;
    await clock.advance(12_000);
    expect(heard).toContain('disconnected 4002');
  });

  it('stays to hear the answers after goAway, and is back at the moment it was asked for', async () => {
    await goOnline();
    server.say({ type: 'goAway', reconnectAfterMs: 300 });
    await clock.advance(100);
    session.send(room, 'abc');
    server.write(room);
    await clock.advance(100);
    expect(heard).toEqual(['invoked send', 'wire 1', 'entry 1', 'acked 1:1']);
    await clock.advance(101);
    expect(heard.slice(4)).toEqual([
      'disconnected 1000',
      'connecting',
      'dialling 1',
      'catchingUp',
      'sent 1',
      'online',
      'accepted 1 at 2',
    ]);
  });

  it('waits as long as goAway asked when the server closes earlier', async () => {
    await goOnline();
    server.say({ type: 'goAway', reconnectAfterMs: 300 });
    await clock.advance(10);
    server.close(4003, 'drained');
    await clock.advance(289);
    expect(heard).toEqual(['disconnected 4003', 'connecting']);
    await clock.advance(2);
    expect(session.state).toBe('online');
  });

  it.each(['no json', '{"type":"message","seq":0}', '{"type":"tea"}', 'null', '{"type":"accepted","seq":1.5}'])(
    'drops a server that says %s',
    async (text) => {
      await goOnline();
      server.say(text);
      await clock.advance(1);
      expect(heard.slice(0, 2)).toEqual(['disconnected 1002', 'connecting']);
    },
  );
});

describe('the inbox of a session', () => {
  it('acknowledges once for many entries and many conversations, and along with what it sends', async () => {
    await goOnline();
    for (const conversation of [1, 1, 2, 1] as ConversationId[]) server.write(conversation);
    await clock.advance(30);
    expect(frames('ack')).toEqual([
      { type: 'ack', conversation: 1, upTo: 3 },
      { type: 'ack', conversation: 2, upTo: 1 },
    ]);
    server.write(room);
    await clock.advance(1);
    session.send(room, 'abc');
    await clock.advance(0);
    expect(frames('ack').at(-1)).toEqual({ type: 'ack', conversation: 1, upTo: 4 });
  });

  it('says what it has before it goes offline, and again when it comes back', async () => {
    await goOnline();
    server.write(room);
    await clock.advance(1);
    session.stop();
    await clock.advance(1);
    expect(heard).toContain('acked 1:1');
    session.start();
    await clock.advance(1);
    expect(frames('hello').at(-1)).toMatchObject({ cursors: [[1, 1]] });
  });

  it('tells the application nothing twice, but the record', async () => {
    await goOnline();
    server.write(room);
    await clock.advance(1);
    server.say(server.logs.get(room)![0]!);
    await clock.advance(1);
    expect(heard).toEqual(['wire 1', 'entry 1', 'wire 1']);
  });

  it('keeps an answer that overtook what others wrote, without a reconnect', async () => {
    await goOnline();
    server.mute();
    const clientId = session.send(room, 'abc');
    await clock.advance(1);
    server.say({ type: 'accepted', clientId, conversation: room, seq: 2 as Seq, at: 1 });
    await clock.advance(1);
    server.say(membership(1, 'created', ['other']));
    await clock.advance(1);
    expect(session.cursor(room)).toBe(2);
    expect(server.dials()).toBe(1);
  });

  it('shows nothing across a gap: it asks again from where it stands', async () => {
    await goOnline();
    server.write(room);
    server.write(room);
    server.say({ ...server.logs.get(room)![1]!, seq: 5 as Seq });
    await clock.advance(1);
    expect(heard).toEqual(['wire 1', 'entry 1', 'wire 2', 'entry 2', 'wire 5', 'disconnected 1002', 'connecting']);
    await clock.advance(200);
    expect(frames('hello').at(-1)).toMatchObject({ cursors: [[1, 2]] });
  });

  it('takes it that entries have expired when the server skips them a second time', async () => {
    const log = [1, 2, 5].map((seq) => ({ ...membership(seq, 'added', ['other']) }));
    server.logs.set(room, log as never);
    session.start();
    await clock.advance(1);
    expect(session.cursor(room)).toBe(2);
    await clock.advance(300);
    expect(session.cursor(room)).toBe(5);
    expect(heard.filter((line) => line.startsWith('entry'))).toEqual(['entry 1', 'entry 2', 'entry 5']);
    expect(session.state).toBe('online');
  });

  it('tells once and exactly what has expired, goes on behind it, and acknowledges it', async () => {
    await goOnline();
    const expired = (from: number, to: number) =>
      server.say({ type: 'expired', conversation: room, from: from as Seq, to: to as Seq });
    server.say(membership(1, 'added', [me]));
    expired(2, 5);
    expired(4, 7);
    expired(2, 7);
    server.say(membership(8, 'added', ['other']));
    await clock.advance(100);
    const seen = ['wire 1', 'entry 1', 'expired 2-5 (4)', 'expired 6-7 (2)', 'wire 8', 'entry 8'];
    expect(heard).toEqual([...seen, 'acked 1:8']);
    expect(session.cursor(room)).toBe(8);
    expect(server.dials()).toBe(1);
  });

  it('does not count its own messages among those that it missed', async () => {
    await goOnline();
    server.say(membership(1, 'added', [me]));
    server.mute();
    const clientId = session.send(room, 'own');
    await clock.advance(1);
    server.say({ type: 'accepted', clientId, conversation: room, seq: 3 as Seq, at: 1 });
    server.say({ type: 'expired', conversation: room, from: 2 as Seq, to: 5 as Seq });
    await clock.advance(1);
    expect(heard.at(-1)).toBe('expired 2-5 (3)');
  });

  it('asks again when what has expired does not follow what it has', async () => {
    await goOnline();
    server.say(membership(1, 'added', [me]));
    server.say({ type: 'expired', conversation: room, from: 3 as Seq, to: 5 as Seq });
    await clock.advance(1);
    expect(heard).toEqual(['wire 1', 'entry 1', 'disconnected 1002', 'connecting']);
    expect(session.cursor(room)).toBe(1);
  });

  it('does not miss what was written while the user was no member', async () => {
    await goOnline();
    server.say(membership(1, 'added', [me]));
    server.say(membership(7, 'added', ['other', me]));
    await clock.advance(1);
    expect(heard).toEqual(['wire 1', 'entry 1', 'wire 7', 'entry 7']);
  });

  it('shows the opening of a direct conversation by the other, also when one asked for it oneself', async () => {
    await goOnline();
    const clientId = session.openDirect('other' as UserName);
    server.mute();
    await clock.advance(1);
    server.say({ type: 'accepted', clientId, conversation: room, seq: 1 as Seq, at: 1 });
    server.say(membership(1, 'created', ['other', me]));
    await clock.advance(1);
    expect(heard).toEqual(['invoked openDirect other', 'sent 1', 'accepted 1 at 1', 'wire 1', 'entry 1']);
  });
});

describe('a session whose application says itself what it has stored', () => {
  beforeEach(() => {
    session = newSession({ confirms: true });
  });

  it('acknowledges that, and nothing before', async () => {
    await goOnline();
    for (let i = 0; i < 3; i++) server.write(room);
    await clock.advance(100);
    expect(frames('ack')).toEqual([]);
    expect([session.cursor(room), session.told(room)]).toEqual([3, 3]);
    session.stored(room, 2 as Seq);
    session.stored(room, 1 as Seq);
    await clock.advance(30);
    expect(frames('ack')).toEqual([{ type: 'ack', conversation: room, upTo: 2 }]);
    session.stop();
    session.start();
    await clock.advance(1);
    expect(frames('hello').at(-1)).toMatchObject({ cursors: [[room, 2]] });
  });

  it('is not shown again what it has not stored yet', async () => {
    await goOnline();
    server.write(room);
    server.write(room);
    await clock.advance(1);
    server.cut();
    await clock.advance(200);
    expect(frames('hello').at(-1)).toMatchObject({ cursors: [] });
    expect(heard.filter((line) => /^(wire|entry)/.test(line))).toEqual([
      'wire 1',
      'entry 1',
      'wire 2',
      'entry 2',
      'wire 1',
      'wire 2',
    ]);
  });

  it('goes on where the device stood in an earlier life', async () => {
    for (let i = 0; i < 3; i++) server.write(room);
    session = newSession({ confirms: true, cursors: [[room, 2 as Seq]] });
    expect(session.cursor(room)).toBe(2);
    await goOnline();
    expect(frames('hello')).toMatchObject([{ cursors: [[room, 2]] }]);
    expect(session.cursor(room)).toBe(3);
    session.stored(room, 3 as Seq);
    await clock.advance(30);
    expect(frames('ack')).toEqual([{ type: 'ack', conversation: room, upTo: 3 }]);
  });

  it('is not told that it has the entry which opened a direct conversation while that may be the other’s', async () => {
    await goOnline();
    const clientId = session.openDirect('other' as UserName);
    server.mute();
    await clock.advance(1);
    server.say({ type: 'accepted', clientId, conversation: room, seq: 1 as Seq, at: 1 });
    await clock.advance(1);
    expect([session.cursor(room), session.told(room)]).toEqual([1, 0]);
    server.say(membership(1, 'created', ['other', me]));
    await clock.advance(1);
    expect(session.told(room)).toBe(1);
  });
});

describe('the outbox of a session', () => {
  it('works offline and sends in the first order', async () => {
    session.send(room, 'a');
    session.send(2 as ConversationId, 'b');
    expect(session.pending).toBe(2);
    session.start();
    await clock.advance(1);
    expect(heard.filter((line) => /sent|accepted/.test(line))).toEqual([
      'sent 1',
      'sent 2',
      'accepted 1 at 1',
      'accepted 2 at 1',
    ]);
  });

  it('repeats with the same client id what was not answered', async () => {
    await goOnline();
    server.mute();
    session.send(room, 'a');
    session.send(room, 'b');
    await clock.advance(1);
    server.cut();
    await clock.advance(200);
    expect(heard.filter((line) => /sent|accepted/.test(line))).toEqual([
      'sent 1',
      'sent 1 again',
      'accepted 1 at 1',
      'sent 2',
      'accepted 2 at 2',
    ]);
  });

  it('counts its own entry in the backlog as the answer, once', async () => {
    await goOnline();
    session.send(room, 'a');
    await clock.advance(0);
    server.cut();
    await clock.advance(200);
    expect(server.logs.get(room)).toHaveLength(1);
    expect(heard.filter((line) => line.startsWith('accepted'))).toEqual(['accepted 1 at 1']);
    expect(session.pending).toBe(0);
  });

  it('reports a refusal for good once and goes on', async () => {
    await goOnline();
    session.send(room, 'a');
    session.send(room, 'b');
    server.say({ type: 'refused', clientId: 1 as ClientId, code: 'notMember' });
    server.say({ type: 'refused', clientId: 1 as ClientId, code: 'notMember' });
    await clock.advance(1);
    expect(heard.filter((line) => line.startsWith('refused'))).toHaveLength(1);
  });

  it('puts the users and keys of a change on the wire as they were given, and tells the application whom it names', async () => {
    await goOnline();
    const keys = { epoch: 3, sealed: 5 as Seq, commit: 'Q29tbWl0', bundle: 7 as BundleId };
    const users = ['ann', 'bob'] as UserName[];
    session.createGroup('crew', users, { keys: { epoch: 0 } });
    session.openDirect('ann' as UserName, { keys: { epoch: 0 } });
    session.invite(room, users, { keys });
    session.remove(room, users);
    session.commit(room, keys);
    await clock.advance(1);
    expect(server.received.filter((frame) => 'clientId' in frame)).toEqual([
      { type: 'createGroup', clientId: 1, title: 'crew', users, keys: { epoch: 0 } },
      { type: 'openDirect', clientId: 2, with: 'ann', keys: { epoch: 0 } },
      { type: 'invite', clientId: 3, conversation: room, users, keys },
      { type: 'remove', clientId: 4, conversation: room, users },
      { type: 'commit', clientId: 5, conversation: room, keys },
    ]);
    expect(heard.filter((line) => line.startsWith('invoked'))).toEqual([
      'invoked createGroup ann bob',
      'invoked openDirect ann',
      'invoked invite ann bob',
      'invoked remove ann bob',
      'invoked commit',
    ]);
  });

  it('repeats under the client id of before a restart, once, and gives out none that was named', async () => {
    await goOnline();
    server.mute();
    expect(session.send(room, 'a', 0, { clientId: 41 as ClientId })).toBe(41);
    expect(session.send(room, 'a', 0, { clientId: 41 as ClientId })).toBe(41);
    expect(session.leave(room, { clientId: 7 as ClientId })).toBe(7);
    expect(session.send(room, 'b')).toBe(42);
    expect(session.pending).toBe(3);
    expect(heard.filter((line) => line.startsWith('invoked'))).toHaveLength(3);
  });

  it.each(['staleEpoch', 'keysNeeded', 'unknownBundle'] as const)(
    'leaves it to the application what to do after %s',
    async (code) => {
      await goOnline();
      server.mute();
      const clientId = session.commit(room, { epoch: 1 });
      server.say({ type: 'refused', clientId, code });
      await clock.advance(1);
      expect(heard.at(-1)).toBe(`refused 1: ${code}`);
      expect([session.pending, clock.pending]).toEqual([0, 1]);
    },
  );

  it.each([
    ['a commit', () => session.commit(room, { epoch: 1, commit: 'x'.repeat(limits.payloadCharsMax + 1) })],
    [
      'names',
      () =>
        session.invite(
          room,
          Array.from({ length: 257 }, (_, i) => `u${i}` as UserName),
        ),
    ],
  ])('does not send %s beyond the limits, for the server would close the connection each time', async (_, ask) => {
    await goOnline();
    ask();
    await clock.advance(1);
    expect(heard.at(-1)).toBe('refused 1: tooLarge');
    expect(server.received).toHaveLength(1);
  });

  it('waits as long as a refusal asks', async () => {
    await goOnline();
    server.mute();
    session.send(room, 'a');
    await clock.advance(1);
    server.say({ type: 'refused', clientId: 1 as ClientId, code: 'tooMany', retryAfterMs: 500 });
    await clock.advance(499);
    expect(heard).not.toContain('sent 1 again');
    await clock.advance(150);
    expect(heard).toContain('sent 1 again');
  });

  it('never sends what the server would close the connection for', async () => {
    await goOnline();
    session.send(room, 'a'.repeat(limits.payloadCharsMax + 1));
    await clock.advance(1);
    expect(heard).toEqual(['invoked send', 'refused 1: tooLarge']);
    expect(frames('send')).toEqual([]);
  });

  it('continues the client ids of an earlier life', () => {
    expect(newSession({ nextClientId: 41 }).send(room, 'a')).toBe(41);
  });
});
