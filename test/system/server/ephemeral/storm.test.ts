import { describe, expect, it } from 'vitest';
import type { ClientId, ConversationId, UserName } from '../../../../src/system/protocol/ids.ts';
import { createSeededRandom } from '../../../../src/system/seeded-random.ts';
import { type Account, type ChatRig, createChatRig, type FrameClient } from '../../../helpers/chat-rig.ts';

const people = 2000;
const groupSize = 20;
const queueMax = 300;

describe('a storm', () => {
  it('of 2,000 sessions that come and go, watch each other, read and type leaves queues bounded and messages quick', async () => {
    const rig = await createChatRig({
      servers: 2,
      settings: {
        heartbeatMs: 1e7,
        ephemeralQueueMax: queueMax,
        presenceGraceMs: 300,
        presenceWindowMs: 100,
        readsMax: 64,
      },
    });
    const accounts = await signUpAll(rig);
    const clients = accounts.map((account, i) => connect(rig, account, i % 2));
    await rig.clock.advance(5000);
    // Two who stay: one on each server, in the first group.
    const [anna, bob] = [clients[0]!, clients[1]!];
    const stalled = clients.slice(2, 52);
    for (const { pair } of stalled) pair.stall();
    const waitsMs: number[] = [];
    const queued: number[] = [];
    const random = createSeededRandom(1);
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < 300; i++) flap(rig, clients, accounts, 52 + Math.floor(random.next() * (people - 52)));
      for (let i = 52; i < people; i += 7) {
        clients[i]!.send({ type: 'typing', conversation: groupOf(i) });
        clients[i]!.send({ type: 'read', conversation: groupOf(i), upTo: 1 + round });
      }
      waitsMs.push(await delivery(rig, anna, bob, round));
      await rig.clock.advance(100);
      queued.push(...rig.servers.map((server) => server.stats().ephemeralQueued));
    }
    expect(Math.max(...waitsMs)).toBeLessThanOrEqual(10);
    // One place for each session (what is owed, and whom it may know), each user (grace, to be written, to be read), and the two queues.
    expect(Math.max(...queued)).toBeLessThanOrEqual(2 * people + 3 * people + 2 * queueMax);
    const batches = Map.groupBy(rig.signals, ({ kind }) => kind);
    expect(
      batches.get('presence')!.every((signal) => signal.kind !== 'presence' || signal.users.length <= queueMax),
    ).toBe(true);
    // Nothing but the messages of their group waits for those who do not read.
    for (const { pair } of stalled) expect(pair.bufferedMax).toBeLessThan(60 * 250);
    await rig.clock.advance(40_000);
    for (const { pair } of stalled) pair.resume();
    await rig.clock.advance(5000);
    expect(rig.servers.map((server) => server.stats().ephemeralQueued)).toEqual([0, 0]);
    for (const client of clients) expect(believedOffline(client)).toEqual([]);
    expect(rig.errors).toEqual([]);
  }, 300_000);
});

// ---

async function signUpAll(rig: ChatRig): Promise<Account[]> {
  const accounts: Account[] = [];
  for (let i = 0; i < people; i++) accounts.push(await rig.signIn(`user${i}`));
  for (let first = 0; first < people; first += groupSize) {
    const admin = accounts[first]!;
    const user = (await rig.store.findUser(admin.name))!.id;
    const by = { user, name: admin.name, device: admin.device, connection: 0 };
    const users = accounts.slice(first + 1, first + groupSize).map(({ name }) => name);
    await rig.store.change({
      kind: 'createGroup',
      by,
      clientId: 1 as ClientId,
      at: 0,
      title: 'crew',
      users,
      keys: null,
    });
  }
  return accounts;
}

function groupOf(person: number): ConversationId {
  return (Math.floor(person / groupSize) + 1) as ConversationId;
}

function connect(rig: ChatRig, account: Account, server: number): FrameClient {
  const client = rig.connect(account, server, undefined, { receipts: true, typing: true });
  const first = Math.floor(Number(account.name.slice(4)) / groupSize) * groupSize;
  client.send({ type: 'presence', watch: Array.from({ length: groupSize }, (_, i) => `user${first + i}`) });
  return client;
}

function flap(rig: ChatRig, clients: FrameClient[], accounts: readonly Account[], i: number): void {
  clients[i]!.pair.close();
  clients[i] = connect(rig, accounts[i]!, i % 2);
}

/** Milliseconds from the sending of a message to its arrival on the other server. */
async function delivery(rig: ChatRig, from: FrameClient, to: FrameClient, round: number): Promise<number> {
  const start = rig.clock.now();
  const before = to.entries().length;
  from.send({ type: 'send', clientId: 1000 + round, conversation: 1, epoch: 0, payload: 'x' });
  while (to.entries().length === before) await rig.clock.advance(1);
  return rig.clock.now() - start;
}

/** Everybody is online in the end. */
function believedOffline(client: FrameClient): UserName[] {
  const believed = new Map<UserName, boolean>();
  for (const frame of client.frames) {
    if (frame.type === 'presence') for (const { user, online } of frame.users) believed.set(user, online);
  }
  expect(believed.size).toBe(groupSize);
  return [...believed].flatMap(([user, online]) => (online ? [] : [user]));
}
