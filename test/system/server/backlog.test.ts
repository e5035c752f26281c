import { describe, expect, it } from 'vitest';
import type { ConversationId } from '../../../src/system/protocol/ids.ts';
import type { ServerSettings } from '../../../src/system/server/contract.ts';
import { createChatRig, type FrameClient } from '../../helpers/chat-rig.ts';

const group = 1 as ConversationId;
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** Anna has a group with bob; bob is away. */
async function meet(settings: Partial<ServerSettings> = {}) {
  const rig = await createChatRig({ servers: 2, settings: { heartbeatMs: 1e6, ...settings } });
  const anna = await rig.online('anna', 0);
  const bob = await rig.signIn('bob');
  anna.send({ type: 'createGroup', clientId: 1, title: 'trip' });
  await rig.clock.advance(10);
  anna.send({ type: 'invite', clientId: 2, conversation: 1, users: ['bob'] });
  await rig.clock.advance(10);
  let clientId = 3;
  const send = async (count: number, size = 4) => {
    for (let i = 0; i < count; i++) {
      anna.send({ type: 'send', clientId: clientId++, conversation: 1, epoch: 0, payload: 'x'.repeat(size) });
    }
    await rig.clock.advance(20);
  };
  return { rig, anna, bob, send };
}

/** Frames as words: where entries go on, places of entries, what has expired. */
function placesOf({ frames }: FrameClient): readonly (string | number)[] {
  return frames.map((frame) => {
    if (frame.type === 'conversation') return `after ${frame.after}`;
    if (frame.type === 'expired') return `expired ${frame.from}-${frame.to}`;
    return 'seq' in frame ? frame.seq : frame.type;
  });
}

describe('a backlog', () => {
  it('begins with the entry that made one a member and comes before `caughtUp`, over many pages', async () => {
    const { rig, bob, send } = await meet({ backlogPage: 7 });
    await send(50);
    const client = rig.connect(bob, 1);
    await rig.clock.advance(50);
    expect(client.seqs(group)).toEqual(upTo(52, 2));
    expect(client.frames.at(1)).toMatchObject({
      type: 'conversation',
      after: 1,
      lastSeq: 52,
      members: ['anna', 'bob'],
    });
    expect(client.frames.at(-1)).toEqual({ type: 'caughtUp' });
  });

  it('begins after what the client claims to have, or else after what it acknowledged', async () => {
    const { rig, bob, send } = await meet({ ackFlushMs: 100 });
    await send(10);
    const first = rig.connect(bob, 1);
    await rig.clock.advance(10);
    first.send({ type: 'ack', conversation: 1, upTo: 8 });
    first.send({ type: 'ack', conversation: 1, upTo: 6 });
    await rig.clock.advance(200);
    const [stored, claimed] = [rig.connect(bob, 0), rig.connect(await rig.signIn('bob', 'laptop'), 1, [[group, 11]])];
    await rig.clock.advance(10);
    expect([stored.seqs(group), claimed.seqs(group)]).toEqual([upTo(12, 9), [12]]);
  });

  it('a claim beyond the end counts up to the end, and an ack beyond what was sent up to there', async () => {
    const { rig, bob, send } = await meet({ ackFlushMs: 100 });
    await send(3);
    const client = rig.connect(bob, 1, [[group, 99]]);
    await rig.clock.advance(10);
    client.send({ type: 'ack', conversation: 1, upTo: 500 });
    await rig.clock.advance(200);
    client.pair.close();
    await send(2);
    const again = rig.connect(bob, 1);
    await rig.clock.advance(10);
    expect(again.seqs(group)).toEqual([6, 7]);
  });

  it('what has expired is passed over: the client is told exactly what', async () => {
    const { rig, bob, send } = await meet({ expiryMs: 60_000, expiryEveryMs: 1000, recheckMs: 1e6 });
    await send(5);
    await rig.clock.advance(70_000);
    await send(2);
    const client = rig.connect(bob, 1);
    await rig.clock.advance(50);
    expect(placesOf(client)).toEqual(['welcome', 'after 1', 2, 'expired 3-7', 8, 9, 'caughtUp']);
    await send(1);
    expect(client.seqs(group)).toEqual([2, 8, 9, 10]);
    // It counts as told once it is acknowledged, and is told again until then.
    const again = rig.connect(bob, 1);
    await rig.clock.advance(50);
    expect(placesOf(again)).toContain('expired 3-7');
    again.send({ type: 'ack', conversation: 1, upTo: 7 });
    await rig.clock.advance(2000);
    const last = rig.connect(bob, 1);
    await rig.clock.advance(50);
    expect(placesOf(last)).toEqual(['welcome', 'after 7', 8, 9, 10, 'caughtUp']);
  });

  it('changes of membership among what has expired stand where they stood; absences are none of it', async () => {
    const { rig, anna, bob, send } = await meet({ expiryMs: 60_000, expiryEveryMs: 1000, recheckMs: 1e6 });
    const change = async (type: 'invite' | 'remove', clientId: number, user: string) => {
      anna.send({ type, clientId, conversation: 1, users: [user] });
      await rig.clock.advance(10);
    };
    await rig.signIn('cleo');
    await send(2); // 3 and 4
    await change('invite', 900, 'cleo'); // 5
    await send(1); // 6
    await change('remove', 901, 'bob'); // 7
    await send(3); // 8 to 10
    await change('invite', 902, 'bob'); // 11
    await send(2); // 12 and 13
    await rig.clock.advance(70_000);
    await send(1); // 14
    for (const server of [0, 1]) {
      const client = rig.connect(bob, server);
      await rig.clock.advance(50);
      const expected = ['after 1', 2, 'expired 3-4', 5, 'expired 6-6', 7, 'after 10', 11, 'expired 12-13', 14];
      expect(placesOf(client)).toEqual(['welcome', ...expected, 'caughtUp']);
    }
  });

  it('a page at a time says the same', async () => {
    const settings = { expiryMs: 60_000, expiryEveryMs: 1000, recheckMs: 1e6, backlogPage: 1, hintFrameCharsMax: 0 };
    const { rig, bob, send } = await meet(settings);
    await send(3); // 3 to 5
    await rig.clock.advance(70_000);
    await send(2); // 6 and 7
    const client = rig.connect(bob, 1);
    await rig.clock.advance(50);
    expect(placesOf(client)).toEqual(['welcome', 'after 1', 2, 'expired 3-5', 6, 7, 'caughtUp']);
  });

  it('when all of it has expired, the next entry still follows what the client was told', async () => {
    const { rig, bob, send } = await meet({ expiryMs: 60_000, expiryEveryMs: 1000, recheckMs: 1e6 });
    await send(5);
    await rig.clock.advance(70_000);
    const client = rig.connect(bob, 1, [[group, 3]]);
    await rig.clock.advance(50);
    await send(1);
    expect(placesOf(client)).toEqual(['welcome', 'after 3', 'expired 4-7', 'caughtUp', 8]);
  });

  it('reaches who was removed while away, up to their removal, without the present members', async () => {
    const { rig, anna, bob, send } = await meet();
    await send(2);
    anna.send({ type: 'remove', clientId: 90, conversation: 1, users: ['bob'] });
    await rig.clock.advance(10);
    await send(3);
    const client = rig.connect(bob, 1);
    await rig.clock.advance(50);
    expect(client.seqs(group)).toEqual([2, 3, 4, 5]);
    expect(client.frames[1]).toMatchObject({ type: 'conversation', members: [], admin: null, lastSeq: 5 });
    client.send({ type: 'ack', conversation: 1, upTo: 5 });
    await rig.clock.advance(2000);
    const again = rig.connect(bob, 0);
    await rig.clock.advance(50);
    expect(again.frames.map((frame) => frame.type)).toEqual(['welcome', 'caughtUp']);
  });
});

describe('a lost hint', () => {
  it('delays a message by `backstopMs` at most', async () => {
    const { rig, bob, send } = await meet({ backstopMs: 1000 });
    const client = rig.connect(bob, 1);
    await rig.clock.advance(10);
    rig.loseHints(true);
    await send(3);
    expect(client.seqs(group)).toEqual([2]);
    await rig.clock.advance(1200);
    expect(client.seqs(group)).toEqual(upTo(5, 2));
  });

  it('about a new conversation is made good at the next check of the session', async () => {
    const rig = await createChatRig({ servers: 2, settings: { recheckMs: 1000, heartbeatMs: 1e6 } });
    const [anna, bob] = [await rig.online('anna', 0), await rig.online('bob', 1)];
    rig.loseHints(true);
    anna.send({ type: 'openDirect', clientId: 1, with: 'bob' });
    await rig.clock.advance(10);
    expect(bob.seqs(group)).toEqual([]);
    await rig.clock.advance(3000);
    expect(bob.seqs(group)).toEqual([1]);
  });
});

describe('a slow reader', () => {
  it('is not pushed more than its buffer holds, and reads the rest from the store when it is back', async () => {
    const { rig, bob, send } = await meet({ sessionBufferBytesMax: 10_000, backlogPage: 5 });
    const client = rig.connect(bob, 1);
    await rig.clock.advance(10);
    client.pair.stall();
    for (let i = 0; i < 20; i++) await send(10, 1000);
    expect(client.pair.bufferedMax).toBeLessThan(12_000);
    expect(client.closed).toBe(null);
    client.pair.resume();
    await rig.clock.advance(100);
    await send(5);
    expect(client.seqs(group)).toEqual(upTo(207, 2));
  });

  it('that stays slow is closed with 4008 and catches up on its next connection', async () => {
    const { rig, bob, send } = await meet({ sessionBufferBytesMax: 10_000, slowReaderMs: 5000 });
    const client = rig.connect(bob, 1);
    await rig.clock.advance(10);
    client.pair.stall();
    await send(30, 1000);
    await rig.clock.advance(7000);
    client.pair.resume();
    expect(client.closed).toBe(4008);
    const again = rig.connect(bob, 0);
    await rig.clock.advance(100);
    expect(again.seqs(group)).toEqual(upTo(32, 2));
  });

  it('slow in the middle of its backlog is waited for', async () => {
    const { rig, bob, send } = await meet({ sessionBufferBytesMax: 3000, backlogPage: 50 });
    await send(40, 1000);
    const client = rig.connect(bob, 1);
    client.pair.stall();
    await rig.clock.advance(100);
    expect(client.pair.bufferedMax).toBeLessThan(5000);
    for (let i = 0; i < 40; i++) {
      client.pair.resume();
      client.pair.stall();
      await rig.clock.advance(10);
    }
    expect(client.pair.bufferedMax).toBeLessThan(5000);
    expect(client.seqs(group)).toEqual(upTo(42, 2));
  });

  it('that asks and never reads the answers is closed at twice its buffer', async () => {
    const { rig, anna } = await meet({ sessionBufferBytesMax: 3000 });
    anna.pair.stall();
    for (let i = 100; i < 300; i++) anna.send({ type: 'openDirect', clientId: i, with: 'nobody' });
    await rig.clock.advance(100);
    expect(anna.pair.bufferedMax).toBeLessThan(6200);
    anna.pair.resume();
    expect(anna.closed).toBe(4008);
  });
});

describe('draining', () => {
  it('refuses new work, says goAway, finishes what was begun, writes cursors and closes with 4003', async () => {
    const { rig, anna, bob, send } = await meet({ drainMs: 3000, ackFlushMs: 60_000 });
    const client = rig.connect(bob, 0);
    await send(3);
    client.send({ type: 'ack', conversation: 1, upTo: 5 });
    anna.send({ type: 'send', clientId: 50, conversation: 1, epoch: 0, payload: 'last' });
    const drained = rig.servers[0]!.drain();
    anna.send({ type: 'send', clientId: 51, conversation: 1, epoch: 0, payload: 'late' });
    const late = rig.connect(anna.account, 0);
    await rig.clock.advance(100);
    await drained;
    expect(anna.answer(50)).toMatchObject({ type: 'accepted' });
    expect(anna.answer(51)).toMatchObject({ type: 'refused', code: 'busy' });
    expect(anna.frames.filter((frame) => frame.type === 'goAway')).toHaveLength(1);
    expect([anna.closed, client.closed, late.closed]).toEqual([4003, 4003, 4003]);
    const again = rig.connect(bob, 1);
    await rig.clock.advance(50);
    expect(again.seqs(group)).toEqual([6]);
    await rig.servers[1]!.drain();
    expect(rig.clock.pending).toBe(0);
  });

  it('ends within `drainMs` even when the store has stopped answering', async () => {
    const never = new Promise<never>(() => {});
    const rig = await createChatRig({
      settings: { drainMs: 3000 },
      wrap: (store) => ({ ...store, accept: () => never, moveCursors: () => never }),
    });
    const anna = await rig.online('anna');
    anna.send({ type: 'send', clientId: 1, conversation: 1, epoch: 0, payload: 'x' });
    await rig.clock.advance(10);
    let over = false;
    rig.servers[0]!.drain().then(() => {
      over = true;
    });
    await rig.clock.advance(3000);
    expect([over, anna.closed, rig.clock.pending]).toEqual([true, 4003, 0]);
  });
});
