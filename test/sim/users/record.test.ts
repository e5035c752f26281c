import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryHistory, type HistoryEvent, type MemoryHistory } from '../../../src/metrics/index.ts';
import type { MembershipChange } from '../../../src/sim/users/observer.ts';
import { createPayloadMaker } from '../../../src/sim/users/payload.ts';
import { recordUser, type UserRecord } from '../../../src/sim/users/record.ts';
import { createSecondsRecorder } from '../../../src/sim/users/seconds.ts';
import {
  type ClientId,
  type ConversationId,
  createSeededRandom,
  type DeviceId,
  type Entry,
  type Seq,
  type ServerId,
  type UserName,
} from '../../../src/system/index.ts';
import { createManualClock, type ManualClock } from '../../helpers/manual-clock.ts';

const room = 5 as ConversationId;
const payloads = createPayloadMaker('abcdef', createSeededRandom(1));

let clock: ManualClock;
let history: MemoryHistory;
let measured: { operation: string; intendedMs: number; latencyMs: number; server: string }[];
let counted: string[];
let changes: MembershipChange[];
let record: UserRecord;

beforeEach(async () => {
  clock = createManualClock();
  await clock.advance(1000);
  history = createMemoryHistory();
  measured = [];
  counted = [];
  changes = [];
  record = recordUser({
    actor: 3,
    actorOf: (name) => ['ann', 'bob', 'cid'].indexOf(name),
    clock,
    startMs: 1000,
    sink: history,
    latency: { record: (latency) => measured.push(latency) },
    counts: { add: (what, atMs) => counted.push(`${what} ${atMs}`) },
    observer: { changed: (_actor, change) => changes.push(change) },
  });
});

async function connect(): Promise<void> {
  record.state?.('connecting');
  record.dialling?.(1);
  await clock.advance(30);
  record.state?.('catchingUp');
  record.welcome?.({ user: 'dan' as UserName, device: 1 as DeviceId, server: 's2' as ServerId });
}

function message(intendedMs: number, seq = 1): Entry {
  return {
    type: 'message',
    conversation: room,
    seq: seq as Seq,
    at: 1,
    sender: 'bob' as UserName,
    device: 9 as DeviceId,
    clientId: 4 as ClientId,
    epoch: 0,
    payload: payloads.make({ index: 1, intendedMs, actualMs: intendedMs + 2 }, 64),
  };
}

function brief(event: HistoryEvent | undefined): string {
  if (!event) return '';
  const { t, session, kind, op, conversation, seq, clientId, peer, detail } = event;
  return `${t} #${session} ${kind} ${op} ${conversation}/${seq} id ${clientId} peer ${peer} ${detail}`.trim();
}

describe('the record of a user', () => {
  it('has the life of a connection, and measures from the wish to be connected', async () => {
    record.state?.('connecting');
    record.dialling?.(1);
    await clock.advance(10);
    record.disconnected?.({ code: 1006, reason: 'nobody' });
    await clock.advance(90);
    await connect();
    record.caughtUp?.();
    record.disconnected?.({ code: 1006, reason: 'lost' });
    expect(history.events.map(brief)).toEqual([
      '0 #1 invoke connect 0/0 id 0 peer -1',
      '10 #1 fail connect 0/0 id 0 peer -1 1006',
      '100 #2 invoke connect 0/0 id 0 peer -1',
      '130 #2 ok connect 0/0 id 0 peer -1 s2',
      '130 #2 ok caughtUp 0/0 id 0 peer -1',
      '130 #2 ok disconnect 0/0 id 0 peer -1 1006',
    ]);
    expect(measured[0]).toEqual({ operation: 'connect', intendedMs: 0, latencyMs: 130, server: 's2' });
    expect(counted).toEqual(['disconnects 130']);
  });

  it('measures connecting and catching up from when it was meant, not from when it was begun', async () => {
    await clock.advance(50);
    record.meantToConnect(20);
    await connect();
    await clock.advance(100);
    record.caughtUp?.();
    expect(measured).toEqual([
      { operation: 'connect', intendedMs: 20, latencyMs: 60, server: 's2' },
      { operation: 'catchUp', intendedMs: 20, latencyMs: 160, server: 's2' },
    ]);
  });

  it('has each operation with its answer; those without one are unknown, not failed', async () => {
    await connect();
    const send = { op: 'send', conversation: room, users: [] } as const;
    for (const clientId of [1, 2, 3] as ClientId[]) record.invoked?.({ ...send, clientId, payload: 'text' });
    record.accepted?.({ clientId: 1 as ClientId, conversation: room, seq: 7 as Seq, at: 0 });
    record.refused?.({ clientId: 2 as ClientId, code: 'notMember' });
    record.finish();
    record.finish();
    expect(history.events.slice(-3).map(brief)).toEqual([
      '30 #1 ok send 5/7 id 1 peer -1',
      '30 #1 fail send 5/0 id 2 peer -1 notMember',
      '30 #1 info send 5/0 id 3 peer -1',
    ]);
  });

  it('has one event for each user whom a change or a membership entry names, and one when it names nobody', async () => {
    const invite = { op: 'invite', conversation: room, payload: null } as const;
    record.invoked?.({ ...invite, clientId: 1 as ClientId, users: ['cid', 'ann'] as UserName[] });
    record.accepted?.({ clientId: 1 as ClientId, conversation: room, seq: 7 as Seq, at: 0 });
    record.invoked?.({ ...invite, op: 'commit', clientId: 2 as ClientId, users: [] });
    expect(history.events.map(brief)).toEqual([
      '0 #0 invoke invite 5/0 id 1 peer 2',
      '0 #0 invoke invite 5/0 id 1 peer 0',
      '0 #0 ok invite 5/7 id 1 peer 2',
      '0 #0 ok invite 5/7 id 1 peer 0',
      '0 #0 invoke commit 5/0 id 2 peer -1',
    ]);
    const { payload: _p, epoch: _e, ...head } = message(0) as Extract<Entry, { type: 'message' }>;
    const users = ['ann', 'stranger'] as UserName[];
    record.entry?.({ ...head, type: 'membership', change: 'added', users, admin: null });
    record.entry?.({ ...head, type: 'membership', change: 'rekeyed', users: [], admin: null });
    expect(history.events.slice(-3).map(brief)).toEqual([
      '0 #0 app added 5/1 id 4 peer 0',
      '0 #0 app added 5/1 id 4 peer -1',
      '0 #0 app rekeyed 5/1 id 4 peer -1',
    ]);
  });

  it('tells of everybody who comes and goes, also by what the user did', () => {
    const ask = (op: 'invite' | 'remove' | 'leave', clientId: number) =>
      record.invoked?.({
        op,
        clientId: clientId as ClientId,
        conversation: room,
        users: op === 'leave' ? [] : ['cid' as UserName],
        payload: null,
      });
    for (const [index, op] of (['invite', 'remove', 'leave'] as const).entries()) {
      ask(op, index + 1);
      record.accepted?.({ clientId: (index + 1) as ClientId, conversation: room, seq: (index + 5) as Seq, at: 0 });
    }
    const { payload: _p, epoch: _e, ...head } = message(0, 9) as Extract<Entry, { type: 'message' }>;
    record.entry?.({ ...head, type: 'membership', change: 'left', users: ['ann', 'bob'] as UserName[], admin: null });
    expect(changes).toEqual([
      { conversation: 5, seq: 5, comes: true, users: [2] },
      { conversation: 5, seq: 6, comes: false, users: [2] },
      { conversation: 5, seq: 7, comes: false, users: [3] },
      { conversation: 5, seq: 9, comes: false, users: [0, 1] },
    ]);
  });

  it('measures a delivery from the intended moment, and beside it from the real one', async () => {
    await connect();
    await clock.advance(70);
    record.wire?.(message(40));
    record.entry?.(message(40));
    expect(measured.slice(1)).toEqual([
      { operation: 'delivery', intendedMs: 40, latencyMs: 60, server: 's2' },
      { operation: 'deliveryUncorrected', intendedMs: 40, latencyMs: 58, server: 's2' },
    ]);
    expect(history.events.slice(-2).map((event) => `${event.kind} ${event.op} ${event.peer}`)).toEqual([
      'wire send 1',
      'app send 1',
    ]);
  });

  it('does not measure what was written while the user was away by choice, but what was while the connection was lost', async () => {
    await connect();
    record.disconnected?.({ code: 1006, reason: 'lost' });
    await clock.advance(200);
    await connect();
    record.entry?.(message(100));
    record.disconnected?.({ code: 1000, reason: 'stop' });
    record.state?.('offline');
    await clock.advance(200);
    await connect();
    record.entry?.(message(400));
    expect(measured.filter(({ operation }) => operation === 'delivery')).toMatchObject([{ intendedMs: 100 }]);
    expect(counted.filter((what) => what.startsWith('delivered'))).toHaveLength(2);
    expect(counted.filter((what) => what.startsWith('disconnects'))).toHaveLength(1);
  });
});

describe('the seconds of a worker', () => {
  it('have one line each, with how late the sends were', () => {
    const [counts, instrument]: [unknown[], unknown[]] = [[], []];
    const seconds = createSecondsRecorder(2, {
      histograms: () => {},
      counts: (lines) => counts.push(...lines),
      instrument: (lines) => instrument.push(...lines),
    });
    for (let i = 0; i < 200; i++) seconds.sentLate(500, i < 3 ? 50 : 1);
    seconds.add('expected', 999, 4);
    const vitals = { cpuFraction: 0.5, cpuMicros: 1, rssBytes: 1, eventLoopUtilization: 0, eventLoopP99Ms: 3 };
    seconds.tick(990, 17, vitals);
    expect(counts).toEqual([]);
    seconds.tick(3990, 17, vitals);
    expect(counts).toMatchObject([{ second: 0, worker: 2, offered: 200, expected: 4, connected: 17 }]);
    expect(instrument).toEqual([
      { second: 0, worker: 2, slipP99Ms: 50, slipMaxMs: 50, late: 3, sends: 200, eventLoopP99Ms: 3, cpuFraction: 0.5 },
    ]);
    seconds.close();
    expect(counts).toHaveLength(2);
  });
});
