import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConversationId } from '../../../src/system/protocol/ids.ts';
import { limits } from '../../../src/system/protocol/limits.ts';
import { type ChatRig, createChatRig, type FrameClient, open } from '../../helpers/chat-rig.ts';
import { createMessengerRig, textsOf } from '../../helpers/messenger-rig.ts';

const message = { type: 'send', conversation: 1, epoch: 0, payload: 'x' } as const;

async function on(rig: ChatRig, name: string, label?: string): Promise<FrameClient> {
  const client = rig.connect(await rig.signIn(name, label));
  await rig.clock.advance(0);
  return client;
}

/** Answers to these client ids, as words. */
async function answersOf(rig: ChatRig, client: FrameClient, ids: readonly number[]): Promise<readonly string[]> {
  await rig.clock.advance(20);
  return ids.map((id) => {
    const answer = client.answer(id);
    return answer?.type === 'refused' ? answer.code : (answer?.type ?? 'none');
  });
}

async function withGroup(rig: ChatRig, client: FrameClient): Promise<void> {
  client.send({ type: 'createGroup', clientId: 1, title: 'crew' });
  await rig.clock.advance(20);
}

describe('messages', () => {
  const settings = { sendsPerSecPerUser: 2, sendBurstPerUser: 3 };

  it('of one user beyond the limit are refused with `tooMany`, on all devices together, and coming anew gives nothing', async () => {
    const rig = await createChatRig({ settings });
    const [phone, laptop] = [await on(rig, 'anna'), await on(rig, 'anna', 'laptop')];
    await withGroup(rig, phone);
    phone.send({ ...message, clientId: 2 });
    laptop.send({ ...message, clientId: 2 });
    phone.send({ ...message, clientId: 3 });
    phone.send({ ...message, clientId: 4 });
    laptop.send({ ...message, clientId: 3 });
    expect(await answersOf(rig, phone, [2, 3, 4])).toEqual(['accepted', 'accepted', 'tooMany']);
    expect(await answersOf(rig, laptop, [2, 3])).toEqual(['accepted', 'tooMany']);
    expect(phone.answer(4)).toMatchObject({ retryAfterMs: 500 });
    const again = rig.connect(phone.account);
    await rig.clock.advance(0);
    again.send({ ...message, clientId: 4 });
    expect(await answersOf(rig, again, [4])).toEqual(['tooMany']);
    await rig.clock.advance(500);
    again.send({ ...message, clientId: 4 });
    expect(await answersOf(rig, again, [4])).toEqual(['accepted']);
  });

  it('of one user beyond the limit do not stop another', async () => {
    const rig = await createChatRig({ settings });
    const [anna, bob] = [await on(rig, 'anna'), await on(rig, 'bob')];
    await withGroup(rig, anna);
    for (let id = 2; id < 10; id++) anna.send({ ...message, clientId: id });
    await withGroup(rig, bob);
    bob.send({ ...message, conversation: 2, clientId: 2 });
    expect(await answersOf(rig, bob, [2])).toEqual(['accepted']);
  });

  it('of many users of one address have a limit of their own', async () => {
    const rig = await createChatRig({ settings: { sendsPerSecPerAddress: 1, sendBurstPerAddress: 2 } });
    const clients = [await on(rig, 'anna'), await on(rig, 'bob'), await on(rig, 'cleo')];
    for (const [i, client] of clients.entries()) {
      await withGroup(rig, client);
      client.send({ ...message, conversation: i + 1, clientId: 2 });
    }
    const answers = await Promise.all(clients.map((client) => answersOf(rig, client, [2])));
    expect(answers.flat()).toEqual(['accepted', 'accepted', 'tooMany']);
  });

  it('that are refused keep their order: what comes after waits, and a client loses and swaps nothing', async () => {
    const rig = await createMessengerRig({ settings: { sendsPerSecPerUser: 20, sendBurstPerUser: 5 } });
    const [ada, bob] = [await rig.online('ada'), await rig.online('bob')];
    const opened = ada.messenger.openDirect('bob');
    await rig.settle();
    const { conversation } = (await opened.outcome) as { conversation: ConversationId };
    const texts = Array.from({ length: 40 }, (_, i) => `text ${i}`);
    for (const text of texts) ada.messenger.send(conversation, text);
    await rig.settle(1000);
    expect((await textsOf(bob, conversation)).length).toBeLessThan(30);
    await rig.settle(60_000);
    expect(await textsOf(bob, conversation)).toEqual(texts);
  });
});

describe('changes of conversations', () => {
  it('by one user beyond the limit are refused; each user who is invited counts', async () => {
    const rig = await createChatRig({ settings: { changesPerMinutePerUser: 6 } });
    const anna = await on(rig, 'anna');
    for (const name of ['bob', 'cleo', 'dora']) await rig.signIn(name);
    await withGroup(rig, anna);
    anna.send({ type: 'invite', clientId: 2, conversation: 1, users: ['bob', 'cleo', 'dora'] });
    anna.send({ type: 'createGroup', clientId: 3, title: 'other' });
    anna.send({ type: 'openDirect', clientId: 4, with: 'bob' });
    anna.send({ type: 'openDirect', clientId: 5, with: 'cleo' });
    expect(await answersOf(rig, anna, [2, 3, 4, 5])).toEqual(['accepted', 'accepted', 'accepted', 'tooMany']);
    // Twenty milliseconds of the ten seconds for one have passed.
    expect(anna.answer(5)).toMatchObject({ retryAfterMs: expect.closeTo(9980, -1) });
    anna.send({ ...message, clientId: 6 });
    expect(await answersOf(rig, anna, [6])).toEqual(['accepted']);
  });

  it('that cost more than the limit are possible when nothing else was changed', async () => {
    const rig = await createChatRig({ settings: { changesPerMinutePerUser: 2 } });
    const anna = await on(rig, 'anna');
    for (const name of ['bob', 'cleo', 'dora']) await rig.signIn(name);
    anna.send({ type: 'createGroup', clientId: 1, title: 'crew', users: ['bob', 'cleo', 'dora'] });
    expect(await answersOf(rig, anna, [1])).toEqual(['accepted']);
  });
});

describe('connections', () => {
  it('of one user beyond the limit are closed with 4012; one that takes over is none more', async () => {
    const rig = await createChatRig({ settings: { connectionsPerUserMax: 2 } });
    const [phone, laptop] = [await on(rig, 'anna'), await on(rig, 'anna', 'laptop')];
    const tablet = await on(rig, 'anna', 'tablet');
    const bob = await on(rig, 'bob');
    expect([phone, laptop, tablet, bob].map(({ closed }) => closed)).toEqual([null, null, 4012, null]);
    const again = rig.connect(phone.account);
    await rig.clock.advance(0);
    expect([phone.closed, again.closed]).toEqual([4009, null]);
    again.pair.close();
    const now = rig.connect(tablet.account);
    await rig.clock.advance(0);
    expect(now.closed).toBeNull();
  });

  it('from one address beyond the limit are closed with 4012 before they say anything', async () => {
    const rig = await createChatRig({ settings: { connectionsPerAddressMax: 3 } });
    const account = await rig.signIn('anna');
    const silent = Array.from({ length: 5 }, () => open(rig.servers[0]!, account));
    await rig.clock.advance(0);
    expect(silent.map(({ closed }) => closed)).toEqual([null, null, null, 4012, 4012]);
    silent[0]!.pair.close();
    const next = rig.connect(account);
    await rig.clock.advance(0);
    expect(next.closed).toBeNull();
  });

  it.each([
    ['pings', '{"type":"ping"}'],
    ['acks of nothing', '{"type":"ack","conversation":5,"upTo":5}'],
    ['messages to nobody', '{"type":"send","clientId":1,"conversation":5,"epoch":0,"payload":""}'],
  ])('that are flooded with %s are closed with 4004', async (_, text) => {
    const rig = await createChatRig({ settings: { framesPerSecPerConnection: 10, frameBurstPerConnection: 100 } });
    const [anna, bob] = [await on(rig, 'anna'), await on(rig, 'bob')];
    for (let i = 0; i < 99; i++) anna.raw(text);
    await rig.clock.advance(0);
    expect(anna.closed).toBeNull();
    for (let i = 0; i < 10; i++) anna.raw(text);
    await rig.clock.advance(0);
    expect([anna.closed, bob.closed]).toEqual([4004, null]);
    expect(rig.errors).toEqual([]);
  });
});

describe('requests', () => {
  const ask = (rig: ChatRig, path: string, more: { token?: string; remote?: string } = {}) =>
    rig.servers[0]!.http({ method: 'GET', path, body: '', remote: '10.0.0.7', ...more });

  it('from one address beyond the limit are refused with `tooMany`, but for those that ask how the server is', async () => {
    const rig = await createChatRig({ settings: { requestsPerMinutePerAddress: 2 } });
    const statuses = [];
    for (const path of ['/v1/devices', '/v1/users/x', '/v1/devices', '/healthz', '/stats']) {
      statuses.push((await ask(rig, path)).status);
    }
    expect(statuses).toEqual([401, 401, 429, 200, 200]);
    const refused = await ask(rig, '/v1/devices');
    expect(refused.headers).toEqual({ 'retry-after': '30' });
    expect((await ask(rig, '/v1/devices', { remote: '10.0.0.8' })).status).toBe(401);
  });

  it('for names by one user are limited', async () => {
    const rig = await createChatRig({ settings: { lookupsPerMinutePerUser: 2 } });
    const [{ token }, other] = [await rig.signIn('anna'), await rig.signIn('bob')];
    const statuses = [];
    for (const name of ['bob', 'nix', 'nox']) statuses.push((await ask(rig, `/v1/users/${name}`, { token })).status);
    expect(statuses).toEqual([200, 404, 429]);
    expect((await ask(rig, '/v1/users/anna', { token: other.token })).status).toBe(200);
  });
});

describe('a title', () => {
  const forbidden = [
    '\u0000',
    '\u001b',
    '\u007f',
    '\u0085',
    '\u2028',
    '\u2029',
    '\u202a',
    '\u202e',
    '\u2066',
    '\u2069',
    '\ud800',
  ];

  it('with characters that pretend or break lines is refused; any other comes back as it is', async () => {
    const rig = await createChatRig();
    const anna = await on(rig, 'anna');
    let clientId = 0;
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom(...forbidden, '‏', '👩‍🚀', 'é', "'", '"', '\\'), fc.string({ unit: 'grapheme' })),
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(text, async (title) => {
        const id = ++clientId;
        anna.send({ type: 'createGroup', clientId: id, title });
        const fits =
          title.length > 0 &&
          title.length <= limits.groupTitleCharsMax &&
          !forbidden.some((one) => hasCharacter(title, one));
        const [answer] = await answersOf(rig, anna, [id]);
        fc.pre(anna.closed === null);
        if (fits && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(title)) {
          expect(answer).toBe('accepted');
          const accepted = anna.answer(id) as { conversation: ConversationId };
          expect((await rig.store.conversation(accepted.conversation))?.title).toBe(title);
        } else expect(answer).toBe('malformed');
        await rig.clock.advance(60_000 / limits.malformedPerMinuteMax);
        anna.send({ type: 'ping' });
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ['as long as may be', 'accepted', 'x'.repeat(limits.groupTitleCharsMax)],
    ['a character longer', 'malformed', 'x'.repeat(limits.groupTitleCharsMax + 1)],
    ['as long as a frame', 'malformed', 'x'.repeat(60_000)],
  ])('%s is %s', async (_, answer, title) => {
    const rig = await createChatRig();
    const anna = await on(rig, 'anna');
    anna.send({ type: 'createGroup', clientId: 1, title });
    expect(await answersOf(rig, anna, [1])).toEqual([answer]);
  });
});

/** Half a character is one only when it stands alone. */
function hasCharacter(text: string, character: string): boolean {
  return [...text].includes(character);
}
