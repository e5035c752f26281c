import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../../src/system/database/store.ts';
import { closeCodes } from '../../../src/system/protocol/errors.ts';
import { serverFrame } from '../../../src/system/protocol/frames.ts';
import { limits } from '../../../src/system/protocol/limits.ts';
import { mutatedFrame, validFrame } from '../../helpers/arbitrary-frames.ts';
import { createChatRig, type FrameClient, open } from '../../helpers/chat-rig.ts';

describe('a connection', () => {
  it('is welcomed with its name, device, heartbeat and limits, then told that it has caught up', async () => {
    const rig = await createChatRig({ settings: { heartbeatMs: 700, sessionBufferBytesMax: 5000 } });
    const anna = await rig.online('anna');
    expect(anna.frames.map((frame) => frame.type)).toEqual(['welcome', 'caughtUp']);
    expect(anna.frames[0]).toMatchObject({ user: 'anna', device: anna.account.device, server: 's1', heartbeatMs: 700 });
    expect(anna.frames[0]).toMatchObject({ limits: { ...limits, sessionBufferBytesMax: 5000 } });
  });

  it('without hello in time is closed with 4002', async () => {
    const rig = await createChatRig({ settings: { helloMs: 1000 } });
    const mute = open(rig.servers[0]!, await rig.signIn('anna'));
    await rig.clock.advance(900);
    expect(mute.closed).toBe(null);
    await rig.clock.advance(600);
    expect(mute.closed).toBe(4002);
    expect(rig.servers[0]!.stats().sessions).toBe(0);
  });

  it('without a sign of life for two heartbeats is closed with 4002; a ping keeps it', async () => {
    const rig = await createChatRig({ settings: { heartbeatMs: 1000 } });
    const [anna, bob] = [await rig.online('anna'), await rig.online('bob')];
    for (let i = 0; i < 4; i++) {
      await rig.clock.advance(900);
      bob.send({ type: 'ping' });
    }
    expect([anna.closed, bob.closed]).toEqual([4002, null]);
    expect(bob.frames.at(-1)).toEqual({ type: 'pong' });
  });

  it('with a token that is not valid is closed with 4001', async () => {
    const rig = await createChatRig();
    const account = await rig.signIn('anna');
    const stranger = rig.connect({ ...account, token: 'made-up' });
    await rig.clock.advance(0);
    expect([stranger.closed, stranger.frames]).toEqual([4001, []]);
  });

  it('whose token is signed out or expires is closed with 4001 on every server, at its next check when the hint is lost', async () => {
    const rig = await createChatRig({
      servers: 2,
      settings: { recheckMs: 1000, tokenLifeMs: 60_000, heartbeatMs: 1e6 },
    });
    const anna = await rig.online('anna', 0);
    const bob = await rig.online('bob', 1);
    const cleo = await rig.online('cleo', 1);
    const dora = await rig.online('dora', 1);
    const signOut = ({ account: { token } }: FrameClient) =>
      rig.servers[0]!.http({ method: 'DELETE', path: '/v1/sessions', token, body: '', remote: 'x' });
    await signOut(anna);
    await signOut(bob);
    rig.loseHints(true);
    await signOut(cleo);
    await rig.clock.advance(0);
    expect([anna, bob, cleo, dora].map(({ closed }) => closed)).toEqual([4001, 4001, null, null]);
    await rig.clock.advance(3000);
    expect([cleo, dora].map(({ closed }) => closed)).toEqual([4001, null]);
    await rig.clock.advance(60_000);
    expect(dora.closed).toBe(4001);
  });

  it('is taken over by a newer one of the same device, with 4009', async () => {
    const rig = await createChatRig();
    const older = await rig.online('anna');
    const newer = rig.connect(older.account);
    await rig.clock.advance(0);
    expect([older.closed, newer.closed]).toEqual([4009, null]);
  });

  it('writes nothing any more once a newer one has begun at another server, and is told to come again with 4010', async () => {
    const rig = await createChatRig({ servers: 2 });
    const older = await rig.online('anna');
    older.send({ type: 'createGroup', clientId: 1, title: 'trip' });
    await rig.clock.advance(10);
    const newer = rig.connect(older.account, 1);
    await rig.clock.advance(10);
    for (const clientId of [2, 3]) older.send({ type: 'send', clientId, conversation: 1, epoch: 0, payload: 'x' });
    older.send({ type: 'createGroup', clientId: 4, title: 'late' });
    await rig.clock.advance(10);
    expect([older.closed, newer.closed]).toEqual([4010, null]);
    expect([2, 3, 4].map((clientId) => older.answer(clientId))).toEqual([undefined, undefined, undefined]);
    newer.send({ type: 'send', clientId: 3, conversation: 1, epoch: 0, payload: 'x' });
    await rig.clock.advance(10);
    expect(newer.answer(3)).toMatchObject({ type: 'accepted', seq: 2 });
    expect([...rig.store.entries()].map(({ clientId }) => clientId)).toEqual([1, 3]);
    expect(rig.servers.map((server) => server.stats().inFlight)).toEqual([0, 0]);
  });

  it('does not take its device over when it is gone before its token was looked up', async () => {
    const begun: (() => void)[] = [];
    const wrap = (store: Store): Store => ({
      ...store,
      beginConnection: async (digest, now) => {
        await new Promise<void>((go) => begun.push(go));
        return store.beginConnection(digest, now);
      },
    });
    const rig = await createChatRig({ wrap, settings: { readsMax: 1 } });
    const [anna, bob] = [await rig.signIn('anna'), await rig.signIn('bob')];
    rig.connect(anna);
    const gone = rig.connect(bob);
    gone.pair.close();
    await rig.clock.advance(0);
    begun[0]!();
    await rig.clock.advance(0);
    expect(begun).toHaveLength(1);
  });

  it('may ask for things before it is welcomed; a second hello or anything before the first is out of order', async () => {
    const rig = await createChatRig();
    const anna = open(rig.servers[0]!, await rig.signIn('anna'));
    anna.send({ type: 'createGroup', clientId: 1, title: 'too early' });
    anna.send({ type: 'hello', token: anna.account.token });
    anna.send({ type: 'createGroup', clientId: 2, title: 'in time' });
    anna.send({ type: 'hello', token: anna.account.token });
    await rig.clock.advance(10);
    expect(anna.answer(1)).toMatchObject({ type: 'refused', code: 'outOfOrder' });
    expect(anna.answer(2)).toMatchObject({ type: 'accepted', seq: 1 });
    expect(anna.frames.filter((frame) => frame.type === 'refused')).toHaveLength(2);
  });

  it('that sends malformed frames is told why each time, and closed with 4004 when there are too many in a minute', async () => {
    const rig = await createChatRig();
    const anna = await rig.online('anna');
    for (let i = 0; i < limits.malformedPerMinuteMax; i++) anna.raw('nonsense');
    expect(anna.frames.filter((frame) => frame.type === 'refused' && frame.code === 'malformed')).toHaveLength(20);
    expect(anna.closed).toBe(null);
    await rig.clock.advance(20_000);
    anna.send({ type: 'ping' });
    await rig.clock.advance(20_000);
    anna.send({ type: 'ping' });
    await rig.clock.advance(21_000);
    for (let i = 0; i <= limits.malformedPerMinuteMax; i++) anna.raw('nonsense');
    await rig.clock.advance(0);
    expect(anna.closed).toBe(4004);
  });

  it('that sends a frame over the limit is closed with 1009', async () => {
    const rig = await createChatRig();
    const anna = await rig.online('anna');
    anna.raw('x'.repeat(limits.frameBytesMax + 1));
    await rig.clock.advance(0);
    expect(anna.closed).toBe(1009);
  });

  it('with too many operations in flight is refused with `busy`', async () => {
    const rig = await createChatRig();
    const anna = await rig.online('anna');
    for (let i = 1; i <= limits.inFlightPerSessionMax + 1; i++) {
      anna.send({ type: 'openDirect', clientId: i, with: 'nobody' });
    }
    expect(anna.answer(limits.inFlightPerSessionMax + 1)).toMatchObject({ type: 'refused', code: 'busy' });
    await rig.clock.advance(10);
    expect(anna.answer(limits.inFlightPerSessionMax)).toMatchObject({ type: 'refused', code: 'unknownUser' });
  });

  it('survives any garbage: every frame is answered by the protocol, others notice nothing', async () => {
    const garbage = fc.oneof(
      fc.oneof(mutatedFrame, validFrame, fc.jsonValue()).map((value) => JSON.stringify(value)),
      fc.string({ unit: 'binary' }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(garbage, { maxLength: 40 }), fc.boolean(), async (frames, welcomed) => {
        const rig = await createChatRig();
        const bystander = await rig.online('bob');
        const account = await rig.signIn('anna');
        const anna = welcomed ? rig.connect(account) : open(rig.servers[0]!, account);
        for (const frame of frames) {
          anna.raw(frame);
          await rig.clock.advance(1);
        }
        await rig.clock.advance(100);
        expect(rig.errors).toEqual([]);
        for (const frame of anna.frames) expect(serverFrame.safeParse(frame).error).toBeUndefined();
        if (anna.closed !== null) expect(Object.keys(closeCodes)).toContain(String(anna.closed));
        bystander.send({ type: 'ping' });
        expect(bystander.frames.at(-1)).toEqual({ type: 'pong' });
        expect(rig.servers[0]!.stats().inFlight).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
